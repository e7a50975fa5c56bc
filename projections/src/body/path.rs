//! Which paths that people and models write may be joined to a directory of ours.

/// Longest path, in bytes.
const MAX_PATH: usize = 240;
/// Longest component, in bytes.
const MAX_COMPONENT: usize = 120;

/// Whether a path may be joined to a directory and stay below it, on every platform and in every tool.
///
/// It must be relative, at most 240 bytes long, and made of components of 1 to 120 bytes divided by `/`. No
/// component may be `.` or `..` or otherwise begin with a dot (nobody's `.git` or `.ssh` is an artifact), begin
/// with `-` (a program would take it for an option) or `~`, end with a dot, or begin or end with white space.
/// Control characters, invisible direction marks, backslashes and colons (`C:x`) are refused. It says nothing
/// about symlinks: that takes a look at the disk.
pub fn is_safe_relative_path(path: &str) -> bool {
    path.len() <= MAX_PATH && path.split('/').all(is_safe_component)
}

fn is_safe_component(component: &str) -> bool {
    (1..=MAX_COMPONENT).contains(&component.len())
        && component.trim() == component
        && !component.starts_with(['.', '-', '~'])
        && !component.ends_with('.')
        && !component.contains(is_refused)
}

fn is_refused(c: char) -> bool {
    let turns_text =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    c.is_control() || turns_text || matches!(c, '\\' | ':' | '\u{feff}')
}
