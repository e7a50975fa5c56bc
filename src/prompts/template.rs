//! The texts, and filling in their `{{places}}`. A filled-in text is never scanned for places again, so what
//! a model wrote cannot open one.

pub(super) const SYSTEM: &str = include_str!("templates/system.md");
pub(super) const PLANNER: &str = include_str!("templates/planner.md");
pub(super) const PRODUCER: &str = include_str!("templates/producer.md");
pub(super) const LOOKUPS: &str = include_str!("templates/lookups.md");
pub(super) const QC: &str = include_str!("templates/qc.md");
pub(super) const REFLECT: &str = include_str!("templates/reflect.md");
pub(super) const REPAIR: &str = include_str!("templates/repair.md");

/// Puts each value in its place; a place without a value stays visible.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
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
}
