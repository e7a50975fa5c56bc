//! `modulatio logs`: what happened to a plan, for people, and what happens to it from now on.

use std::{collections::VecDeque, time::Duration};

use projections::{
    narration::{self, Told},
    plan::Plan,
};

use super::{
    args::LogsOptions,
    output, show,
    story::{self, Story},
};
use crate::{clock, error::Result, vault::Vault};

/// Between two looks at a journal that is followed.
const EVERY: Duration = Duration::from_millis(100);

pub(super) fn run(vault: &Vault, options: &LogsOptions, json: bool) -> Result<()> {
    let project = vault.reader_of(&options.plan)?;
    show::tell_archived(&project, &options.plan);
    let mut story = Story::open(&project, &options.plan)?;
    let (news, read) = story.news();
    let wanted = |told: &&Told| options.since.is_none_or(|since| told.at >= since);
    let most = options.lines.unwrap_or(usize::MAX);
    let mut last: VecDeque<&Told> = VecDeque::new();
    for told in news.iter().filter(wanted) {
        last.push_back(told);
        if last.len() > most {
            last.pop_front();
        }
    }
    last.into_iter().for_each(|told| print(told, json));
    read?;
    if options.follow {
        return follow(&mut story, json);
    }
    tell_of_the_end(&story);
    Ok(())
}

fn follow(story: &mut Story, json: bool) -> Result<()> {
    loop {
        let ended = |plan: &Plan| plan.status.name().is_terminal();
        if story.plan().is_some_and(ended) && story.is_settled()? {
            return Ok(());
        }
        std::thread::sleep(EVERY);
        let (news, read) = story.news();
        news.iter().for_each(|told| print(told, json));
        read?;
    }
}

fn print(told: &Told, json: bool) {
    if json {
        output::print_json(told);
    } else {
        output::print(&story::line(told));
    }
}

/// What is under way has no line yet.
fn tell_of_the_end(story: &Story) {
    if let Some(bytes) = story.unfinished() {
        output::tell(&format!(
            "note: {bytes} byte(s) of an unfinished frame at the end, never acknowledged"
        ));
    }
    let flying = story
        .plan()
        .into_iter()
        .flat_map(|plan| &plan.calls.in_flight);
    for (_, call) in flying {
        output::tell(&format!(
            "under way: {}: {} was asked at {}",
            narration::doing(&call.step),
            call.model,
            clock::on_the_wall(call.started_at)
        ));
    }
}
