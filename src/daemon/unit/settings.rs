//! The text of a unit: settings in sections, and lines of words.

/// One line `Key=Value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: String,
}

/// The settings of a file, in its order.
pub(super) fn parse(text: &str) -> Vec<Setting> {
    let joined = text.replace("\\\n", " ");
    let mut section = String::new();
    let mut settings = Vec::new();
    for line in joined.lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=') {
            settings.push(Setting {
                section: section.clone(),
                key: key.trim().to_owned(),
                value: value.trim().to_owned(),
            });
        }
    }
    settings
}

/// A drop-in's settings over the unit's: an empty one forgets those before it.
pub(super) fn apply(settings: &mut Vec<Setting>, over: Vec<Setting>) {
    for setting in over {
        if setting.value.is_empty() {
            settings.retain(|other| other.key != setting.key || other.section != setting.section);
        } else {
            settings.push(setting);
        }
    }
}

/// Words, of which each may stand in quotes.
pub(super) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
