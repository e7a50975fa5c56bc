//! The Markdown that a rehearsal writes in place of a producer's work.

use super::super::About;

/// An artifact of one to two kilobytes that nobody can mistake for work.
pub(super) fn markdown(about: &About) -> String {
    let title = one_line(&about.title);
    let task = one_line(about.task.as_deref().unwrap_or("the whole sub-objective"));
    let file = about.files.first().map_or_else(
        || "an artifact".to_owned(),
        |file| format!("`{}`", one_line(file)),
    );
    let (number, attempt) = (about.sub_objective, about.attempt);
    format!(
        "# {title}\n\n\
         > Rehearsal: this text was written by the embedded rehearsal model; no model was asked and nothing was\n\
         > researched. It stands where real work will stand.\n\n\
         | | |\n\
         | --- | --- |\n\
         | Sub-objective | {number}. {title} |\n\
         | Task | {task} |\n\
         | File | {file} |\n\
         | Attempt | {attempt} |\n\n\
         ## What this file shows\n\n\
         The plan reached this task, a producer was called for it, and its answer was written to {file}. From here\n\
         QC judges the file against the task's acceptance criteria, and the Leader reflects on the sub-objective\n\
         when its last task is done. Budget, approvals, tickets and recovery after a crash behave in a rehearsal as\n\
         they do with a real model; only the words are missing.\n\n\
         ## What a real model would be asked\n\n\
         1. To read the brief of the task: {task}.\n\
         2. To produce {file} in full, as part of \"{title}\".\n\
         3. To answer what QC found, if this is a later attempt (this is attempt {attempt}).\n\n\
         ## Next step\n\n\
         Configure a model under `models:` and name it under `team:`; then the same plan, approved again, does the\n\
         work that this rehearsal walked through.\n"
    )
}

/// Text of a plan on one line, so that it cannot break the table or the heading it stands in.
pub(super) fn one_line(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    line.join(" ").replace('|', "\\|")
}
