//! `modulatio prompts …`: the texts that agents are asked with, and where one's own would stand.

use serde_json::json;

use super::{args::PromptsCommand, output};
use crate::{
    error::{Error, Result},
    nearest::nearest,
    prompts::Template,
};

pub(super) fn run(command: &PromptsCommand, json: bool) -> Result<()> {
    match command {
        PromptsCommand::List => {
            for template in Template::ALL {
                let name = template.name();
                output::done(json, name, &json!({"name": name}));
            }
            Ok(())
        }
        PromptsCommand::Show { name } => match Template::named(name) {
            Some(template) => {
                let text = template.embedded();
                output::done(json, text, &json!({"name": name, "text": text}));
                Ok(())
            }
            None => {
                let known = Template::ALL.map(Template::name);
                let near = nearest(name, known).unwrap_or_default();
                Err(Error::Usage(format!(
                    "there is no prompt {name:?}; the nearest is {near:?}; there are {}",
                    known.join(", ")
                )))
            }
        },
    }
}
