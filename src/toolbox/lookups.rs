//! Tools that look something up. What is long is shown in part, with the lines that were left out named, so that no
//! single result fills a model's window.

use serde::Deserialize;

use super::{Returned, Shelf};

/// Most bytes of text that one call shows, however large the window.
const MOST: usize = 32 * 1024;

/// Bytes that one call may always show: less would be of no use.
const LEAST: usize = 512;

/// Most files that one listing shows.
const MOST_FILES: usize = 500;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Arguments {
    path: String,
    call_id: String,
    from_line: Option<usize>,
    to_line: Option<usize>,
}

/// Runs `tool` with `arguments` (JSON text as a model wrote it). The model has room for about `room` bytes of what
/// it returns.
#[must_use]
pub fn run(shelf: &dyn Shelf, tool: &str, arguments: &str, room: usize) -> Returned {
    let most = room.clamp(LEAST, MOST);
    let arguments = match read(arguments) {
        Ok(arguments) => arguments,
        Err(why) => {
            return Returned::failed(format!("the arguments of {tool} cannot be read: {why}"));
        }
    };
    let found = match tool {
        "list_files" => list(shelf, most),
        "read_file" => read_file(shelf, &arguments, most),
        "read_tool_result" => shelf
            .result(&arguments.call_id)
            .and_then(|text| shown(&text, &arguments, most)),
        _ => Err(format!(
            "there is no tool named {}; there are list_files, read_file and read_tool_result",
            quoted(tool)
        )),
    };
    found.map_or_else(Returned::failed, Returned::done)
}

/// No arguments at all are as good as none.
fn read(arguments: &str) -> Result<Arguments, serde_json::Error> {
    if arguments.trim().is_empty() {
        return Ok(Arguments::default());
    }
    serde_json::from_str(arguments)
}

fn list(shelf: &dyn Shelf, most: usize) -> Result<String, String> {
    let files = shelf.list()?;
    if files.is_empty() {
        return Ok("This run has made no files yet.".to_owned());
    }
    let mut lines: Vec<String> = Vec::new();
    let mut bytes = 0;
    for (path, length) in files.iter().take(MOST_FILES) {
        let line = format!("{path} ({length} bytes)");
        bytes += line.len() + 1;
        if bytes > most {
            break;
        }
        lines.push(line);
    }
    if files.len() > lines.len() {
        lines.push(format!("… and {} more", files.len() - lines.len()));
    }
    Ok(lines.join("\n"))
}

fn read_file(shelf: &dyn Shelf, arguments: &Arguments, most: usize) -> Result<String, String> {
    if arguments.path.is_empty() {
        return Err("path is missing; list_files shows the paths".to_owned());
    }
    let bytes = shelf.read(&arguments.path)?;
    let text =
        String::from_utf8(bytes).map_err(|_| format!("{} is not text", quoted(&arguments.path)))?;
    shown(&text, arguments, most)
}

/// The asked-for lines, as many as fit; what is left out is named.
fn shown(text: &str, arguments: &Arguments, most: usize) -> Result<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let (from, to) = (
        arguments.from_line.unwrap_or(1).max(1),
        arguments.to_line.unwrap_or(usize::MAX).min(lines.len()),
    );
    if lines.is_empty() {
        return Ok("(empty)".to_owned());
    }
    if from > to {
        return Err(format!(
            "lines {from} to {to} are none; it has {} line(s)",
            lines.len()
        ));
    }
    let mut out = String::new();
    for (number, line) in (from..=to).zip(&lines[from - 1..to]) {
        if out.len() + line.len() + 1 > most {
            return Ok(cut(out, line, (number, lines.len()), most));
        }
        out.push_str(line);
        out.push('\n');
    }
    Ok(out)
}

fn cut(mut out: String, line: &str, (number, count): (usize, usize), most: usize) -> String {
    if out.is_empty() {
        out = line.chars().take(most / 4).collect();
        out.push_str(&format!(
            "\n[line {number} goes on; it is {} bytes long, of which no more can be shown; from_line {} goes on after \
             it, of {count} lines]",
            line.len(),
            number + 1,
        ));
    } else {
        out.push_str(&format!(
            "[cut here; ask for from_line {number} to go on, it has {count} lines]"
        ));
    }
    out
}

/// Foreign text in a message: one line, bounded.
fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(80).collect();
    format!("{cut:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Vec<(&'static str, String)>);

    impl Shelf for Fixed {
        fn list(&self) -> Result<Vec<(String, u64)>, String> {
            let entry = |(path, text): &(&str, String)| ((*path).to_owned(), text.len() as u64);
            Ok(self.0.iter().map(entry).collect())
        }

        fn read(&self, path: &str) -> Result<Vec<u8>, String> {
            let found = self.0.iter().find(|(known, _)| *known == path);
            found
                .map(|(_, text)| text.clone().into_bytes())
                .ok_or_else(|| "no such file".into())
        }

        fn result(&self, call_id: &str) -> Result<String, String> {
            (call_id == "t00000001")
                .then(|| "old\nresult".to_owned())
                .ok_or_else(|| "no such call".into())
        }
    }

    fn shelf() -> Fixed {
        let lines: Vec<String> = (1..=5_000).map(|n| format!("line {n} of many")).collect();
        Fixed(vec![
            ("a.md", "one\ntwo\nthree\n".into()),
            ("long.txt", lines.join("\n")),
            ("wide.txt", "é".repeat(40_000)),
            ("none.md", String::new()),
        ])
    }

    fn returned(tool: &str, arguments: &str) -> Returned {
        run(&shelf(), tool, arguments, usize::MAX)
    }

    #[test]
    fn files_are_listed_and_read_by_lines() {
        assert!(
            returned("list_files", "")
                .text
                .starts_with("a.md (14 bytes)\n")
        );
        assert_eq!(
            returned("read_file", r#"{"path":"a.md"}"#).text,
            "one\ntwo\nthree\n"
        );
        let part = returned("read_file", r#"{"path":"a.md","from_line":2,"to_line":2}"#);
        assert_eq!(part.text, "two\n");
        assert_eq!(
            returned("read_file", r#"{"path":"none.md"}"#).text,
            "(empty)"
        );
        assert_eq!(
            run(&Fixed(Vec::new()), "list_files", "{}", 0).text,
            "This run has made no files yet."
        );
    }

    #[test]
    fn an_earlier_result_is_read_again() {
        let again = returned("read_tool_result", r#"{"call_id":"t00000001"}"#);
        assert_eq!(again, Returned::done("old\nresult\n".into()));
        assert!(!returned("read_tool_result", r#"{"call_id":"t9"}"#).done);
    }

    #[test]
    fn a_long_result_is_cut_and_says_where_to_go_on() {
        let text = returned("read_file", r#"{"path":"long.txt"}"#).text;
        assert!(text.len() <= MOST + 100);
        let next: usize = text
            .rsplit("from_line ")
            .next()
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let rest = returned(
            "read_file",
            &format!(r#"{{"path":"long.txt","from_line":{next}}}"#),
        );
        assert!(rest.text.starts_with(&format!("line {next} of many\n")));
        let wide = returned("read_file", r#"{"path":"wide.txt"}"#).text;
        assert!(wide.contains("[line 1 goes on; it is 80000 bytes long"));
    }

    #[test]
    fn a_small_window_gets_small_results_and_can_read_on() {
        for room in [0, 600, 3_000] {
            let most = room.max(LEAST) + 100;
            let first = run(&shelf(), "read_file", r#"{"path":"long.txt"}"#, room).text;
            assert!(
                first.len() <= most && first.starts_with("line 1 of"),
                "{first}"
            );
            assert!(first.contains("[cut here; ask for from_line "), "{first}");
            let wide = run(&shelf(), "read_file", r#"{"path":"wide.txt"}"#, room).text;
            assert!(wide.len() <= most, "{}", wide.len());
        }
        let many = (0..100).map(|_| ("a/rather/long/path.md", String::new()));
        let listed = run(&Fixed(many.collect()), "list_files", "", 600).text;
        assert!(listed.len() <= 700 && listed.contains("… and "), "{listed}");
    }

    #[test]
    fn what_cannot_be_done_is_told_to_the_model() {
        for (tool, arguments, why) in [
            ("rm", "{}", "no tool named \"rm\""),
            ("read_file", "{", "cannot be read"),
            ("read_file", "[1]", "cannot be read"),
            ("read_file", "{}", "path is missing"),
            ("read_file", r#"{"path":"b.md"}"#, "no such file"),
            (
                "read_file",
                r#"{"path":"a.md","from_line":9}"#,
                "it has 3 line(s)",
            ),
        ] {
            let told = returned(tool, arguments);
            assert!(
                !told.done && told.text.contains(why),
                "{tool} {arguments}: {}",
                told.text
            );
        }
    }
}
