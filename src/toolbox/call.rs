//! From a call as a model wrote it to the tool that it means.

use super::{
    Returned, Workplace,
    arguments::Arguments,
    edit, list,
    name::quoted,
    read, search,
    shown::{self, Range, Shown},
    write,
};

/// Runs `tool` with `arguments` (JSON text as a model wrote it). The model has room for about `room` bytes of what
/// it returns.
#[must_use]
pub fn run(place: &Workplace, tool: &str, arguments: &str, room: usize) -> Returned {
    called(place, tool, arguments, shown::most(room)).unwrap_or_else(Returned::failed)
}

fn called(place: &Workplace, tool: &str, arguments: &str, most: usize) -> Result<Returned, String> {
    let run = match tool {
        "list_files" => list::run,
        "read_file" => read::run,
        "write_file" => write::run,
        "edit_file" => edit::run,
        "search_files" => search::run,
        _ => {
            return Err(format!(
                "there is no tool named {} for files; there are list_files, read_file, write_file, edit_file and \
                 search_files",
                quoted(tool)
            ));
        }
    };
    run(place, &Arguments::read(tool, arguments)?, most)
}

/// Which earlier call `read_tool_result` asks for.
///
/// # Errors
/// Text for the model: it does not say.
pub fn call_id(arguments: &str) -> Result<String, String> {
    let arguments = Arguments::read("read_tool_result", arguments)?;
    arguments.needed("call_id").map(str::to_owned)
}

/// What `read_tool_result` shows of `text`, which an earlier call returned.
#[must_use]
pub fn read_again(text: &str, arguments: &str, room: usize) -> Returned {
    let shown = Arguments::read("read_tool_result", arguments)
        .and_then(|arguments| Range::read(&arguments))
        .and_then(|range| {
            shown::lines(text.as_bytes(), &range, shown::most(room), true)
                .map_err(|error| error.to_string())
        });
    match shown {
        Ok(Shown::Text(text)) => Returned::done(text),
        Ok(Shown::Nothing(why)) | Err(why) => Returned::failed(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_result_is_read_again() {
        let arguments = r#"{"call_id":"t00000001","from_line":2}"#;
        assert_eq!(call_id(arguments), Ok("t00000001".into()));
        let again = read_again("old\nresult", arguments, usize::MAX);
        assert_eq!(again, Returned::done("result\n".into()));
        assert!(!read_again("old", arguments, usize::MAX).done);
        assert!(call_id("{}").unwrap_err().contains("call_id is missing"));
    }

    #[test]
    fn what_is_no_tool_or_no_arguments_is_told_to_the_model() {
        let place = Workplace {
            root: "/nowhere".into(),
            folders: Vec::new(),
            taken: Vec::new(),
            may_write: true,
        };
        for (tool, arguments, why) in [
            ("rm", "{}", "no tool named \"rm\""),
            ("read_file", "{", "cannot be read"),
            ("read_file", "[1]", "expected an object, not a list"),
            ("read_file", "{}", "path is missing"),
            ("read_file", r#"{"path":["a"]}"#, "path must be a text"),
            ("write_file", r#"{"path":"a"}"#, "content is missing"),
            ("edit_file", r#"{"path":"a","old":"b"}"#, "new is missing"),
            ("search_files", r#"{"path":"a"}"#, "pattern is missing"),
        ] {
            let told = run(&place, tool, arguments, 0);
            assert!(
                !told.done && told.text.contains(why),
                "{tool} {arguments}: {}",
                told.text
            );
        }
    }
}
