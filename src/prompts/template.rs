//! The texts, an operator's own in their place, and filling in their `{{places}}`. A filled-in text is never scanned
//! for places again, so what a model wrote cannot open one.

use std::collections::BTreeMap;

/// A text that prompts are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Template {
    /// What every role is told first.
    System,
    /// The Leader writes a plan.
    Draft,
    /// The planner divides a sub-objective.
    Planner,
    /// A producer does a task.
    Producer,
    /// Quality control mends a task itself.
    Fix,
    /// Quality control judges a task.
    Qc,
    /// The Leader reflects after a sub-objective.
    Reflect,
    /// The Leader reflects on the whole plan.
    Final,
    /// The Leader divides a sub-objective into smaller ones.
    Decompose,
    /// An answer of a wrong form is to be given again.
    Repair,
    /// What tools are good for.
    Tools,
}

/// What is wrong with an operator's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// A place that nothing is known for.
    #[error("{{{{{0}}}}} is no place of this text; there are {1}")]
    UnknownPlace(String, String),
    /// A place without which the step cannot be done.
    #[error("{{{{{0}}}}} is missing: without it the model does not see what it is to work on")]
    MissingPlace(&'static str),
}

impl Template {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::System,
        Self::Draft,
        Self::Planner,
        Self::Producer,
        Self::Fix,
        Self::Qc,
        Self::Reflect,
        Self::Final,
        Self::Decompose,
        Self::Repair,
        Self::Tools,
    ];

    /// Its name: that of its file, without `.md`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Draft => "draft",
            Self::Planner => "planner",
            Self::Producer => "producer",
            Self::Fix => "fix",
            Self::Qc => "qc",
            Self::Reflect => "reflect",
            Self::Final => "final",
            Self::Decompose => "decompose",
            Self::Repair => "repair",
            Self::Tools => "tools",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|template| template.name() == name)
    }

    /// The text that comes with the program.
    #[must_use]
    pub fn embedded(self) -> &'static str {
        match self {
            Self::System => include_str!("templates/system.md"),
            Self::Draft => include_str!("templates/draft.md"),
            Self::Planner => include_str!("templates/planner.md"),
            Self::Producer => include_str!("templates/producer.md"),
            Self::Fix => include_str!("templates/fix.md"),
            Self::Qc => include_str!("templates/qc.md"),
            Self::Reflect => include_str!("templates/reflect.md"),
            Self::Final => include_str!("templates/final.md"),
            Self::Decompose => include_str!("templates/decompose.md"),
            Self::Repair => include_str!("templates/repair.md"),
            Self::Tools => include_str!("templates/tools.md"),
        }
    }

    /// Places that a text in its place must have.
    fn required(self) -> &'static [&'static str] {
        match self {
            Self::System => &["plan"],
            Self::Draft => &["wish", "attachments", "present", "changes"],
            Self::Planner => &["item"],
            Self::Producer => &["brief", "artifacts", "defects", "present"],
            Self::Fix => &["artifacts", "defects", "present"],
            Self::Qc => &["acceptance", "artifacts"],
            Self::Reflect | Self::Final => &["work"],
            Self::Decompose => &["item"],
            Self::Repair => &["why"],
            Self::Tools => &[],
        }
    }

    /// Judges a text that is to take its place.
    ///
    /// # Errors
    /// [`TemplateFault`] names the place that is unknown or missing.
    pub fn check(self, text: &str) -> Result<(), TemplateFault> {
        let known = places(self.embedded());
        for place in places(text) {
            if !known.contains(&place) {
                let list = known.join(", ");
                return Err(TemplateFault::UnknownPlace(place.to_owned(), list));
            }
        }
        let missing = self
            .required()
            .iter()
            .find(|place| !places(text).contains(place));
        missing.map_or(Ok(()), |place| Err(TemplateFault::MissingPlace(place)))
    }
}

/// The texts in force: the program's own, and those of an operator in their place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates(BTreeMap<Template, String>);

impl Templates {
    /// Whether the text in force has such a place.
    #[must_use]
    pub fn has(&self, template: Template, place: &str) -> bool {
        let text = self.0.get(&template).map(String::as_str);
        places(text.unwrap_or_else(|| template.embedded())).contains(&place)
    }

    /// Puts an operator's text in place of the program's.
    ///
    /// # Errors
    /// [`TemplateFault`] when it cannot be used.
    pub fn replace(&mut self, template: Template, text: String) -> Result<(), TemplateFault> {
        template.check(&text)?;
        self.0.insert(template, text);
        Ok(())
    }

    /// The text in force.
    #[must_use]
    pub fn text(&self, template: Template) -> &str {
        match self.0.get(&template) {
            Some(text) => text,
            None => template.embedded(),
        }
    }

    /// The text in force, filled in.
    pub(super) fn fill(&self, template: Template, values: &[(&str, &str)]) -> String {
        fill(self.text(template), values)
    }
}

/// The names of a text's places, each once, in order.
fn places(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((name, next)) = after.split_once("}}") else {
            break;
        };
        if !found.contains(&name) {
            found.push(name);
        }
        rest = next;
    }
    found
}

/// Puts each value in its place; a place without a value stays visible.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, next)) = after.split_once("}}") else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        match values.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => out.push_str(value),
            None => out.push_str(&format!("{{{{{name}}}}}")),
        }
        rest = next;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_open_a_place() {
        assert_eq!(
            fill("a {{x}} b {{y}} {{z}} {{", &[("x", "{{y}}"), ("y", "2")]),
            "a {{y}} b 2 {{z}} {{"
        );
    }

    #[test]
    fn every_embedded_text_may_stand_in_its_own_place() {
        for template in Template::ALL {
            assert_eq!(template.check(template.embedded()), Ok(()));
            assert_eq!(Template::named(template.name()), Some(template));
        }
    }

    #[test]
    fn a_text_with_an_unknown_or_without_a_needed_place_is_refused() {
        let unknown = Template::Qc.check("{{artefacts}}").unwrap_err();
        assert!(
            unknown.to_string().starts_with("{{artefacts}} is no place"),
            "{unknown}"
        );
        let missing = Template::Qc.check("Judge. {{acceptance}}").unwrap_err();
        assert!(
            missing.to_string().starts_with("{{artifacts}} is missing"),
            "{missing}"
        );
        let mut templates = Templates::default();
        templates
            .replace(Template::Repair, "No: {{why}}".to_owned())
            .unwrap();
        assert_eq!(templates.fill(Template::Repair, &[("why", "x")]), "No: x");
    }
}
