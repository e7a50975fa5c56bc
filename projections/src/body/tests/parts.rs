//! One item in the place of which its parts stand, and the bullets that they are given.

use super::*;

fn texts(entries: &[&str]) -> Vec<String> {
    entries.iter().map(|&entry| entry.to_owned()).collect()
}

/// Later items as they were, but for their numbers.
fn assert_moved(before: &[SubObjective], after: &[SubObjective], by: u32) {
    assert_eq!(before.len(), after.len());
    for (old, new) in before.iter().zip(after) {
        assert_eq!(new.number, old.number + by);
        let text = |item: &SubObjective| item.text.split_once('.').unwrap().1.to_owned();
        assert_eq!(text(new), text(old));
        let same = SubObjective {
            number: old.number,
            text: old.text.clone(),
            ..new.clone()
        };
        assert_eq!(same, *old);
    }
}

#[test]
fn parts_stand_in_the_place_of_their_item_and_all_else_stays() {
    let body = essays(3);
    let parts = [pair("Outline", "first."), pair("Write", "- Files: b.md")];
    let replaced = replace_item(&body, 2, &parts).unwrap();
    let start = body.find("**2. ").unwrap();
    let later = body.find("**3. ").unwrap();
    let expected = format!(
        "{}**2. Outline** — first.\n\n**3. Write**\n- Files: b.md\n\n{}",
        &body[..start],
        body[later..].replacen("**3.", "**4.", 1)
    );
    assert_eq!(replaced, expected);
    let items = sub_objectives(&replaced).unwrap();
    assert_eq!(items[2].files, ["b.md"]);
    assert_moved(&sub_objectives(&body).unwrap()[2..], &items[3..], 1);
    let windows = replace_item(&body.replace('\n', "\r\n"), 2, &parts).unwrap();
    assert_eq!(windows, expected.replace('\n', "\r\n"));
}

#[test]
fn one_part_moves_nothing() {
    let body = "## Sub-objectives\n**1. A** — b\n   **02. C** — d\n**3. E**";
    assert_eq!(
        replace_item(body, 1, &[pair("X", "y")]).unwrap(),
        "## Sub-objectives\n\n**1. X** — y\n\n   **02. C** — d\n**3. E**"
    );
    assert_eq!(
        replace_item(body, 3, &[pair("X", "y")]).unwrap(),
        "## Sub-objectives\n**1. A** — b\n   **02. C** — d\n\n**3. X** — y\n"
    );
}

#[test]
fn the_last_and_the_only_item_may_be_replaced() {
    let parts = [pair("X", "y"), pair("Z", "")];
    for (body, number, expected) in [
        (
            "## Sub-objectives\n**1. A** — b",
            1,
            "## Sub-objectives\n\n**1. X** — y\n\n**2. Z**\n",
        ),
        (
            "intro\n## Sub-objectives\nwords\n\n**1. A** — b\n- Files: a\n\n## Risks\n1. None",
            1,
            "intro\n## Sub-objectives\nwords\n\n**1. X** — y\n\n**2. Z**\n\n## Risks\n1. None",
        ),
        (
            "## Sub-objectives\n**1. A** — b\n\n**2. C** — d\n\ntext of C\n# End\n",
            2,
            "## Sub-objectives\n**1. A** — b\n\n**2. X** — y\n\n**3. Z**\n\n# End\n",
        ),
    ] {
        let replaced = replace_item(body, number, &parts);
        assert_eq!(replaced.as_deref(), Ok(expected), "of {body:?}");
    }
}

#[test]
fn numbers_grow_by_a_digit_and_only_where_they_are_numbers() {
    let body = essays(11).replace(
        "number 10 on",
        "10. **10. and 9. number 10, after **9. Draft** on",
    );
    let parts = vec![pair("X", "y"); 3];
    let replaced = replace_item(&body, 8, &parts).unwrap();
    let expected = body
        .replacen("**11. Draft", "**13. Draft", 1)
        .replacen("**10. Draft", "**12. Draft", 1)
        .replacen("**9. Draft", "**11. Draft", 1);
    let start = body.find("**8. ").unwrap();
    let later = body.find("**9. ").unwrap();
    assert!(replaced.starts_with(&body[..start]));
    assert!(replaced.ends_with(&expected[later..]));
    let before = sub_objectives(&body).unwrap();
    assert_moved(&before[8..], &sub_objectives(&replaced).unwrap()[10..], 2);
    let padded = "## Sub-objectives\n**1. A**\n**02. B** — see 02.\n**3. C**";
    assert_eq!(
        replace_item(padded, 1, &parts).unwrap(),
        "## Sub-objectives\n\n**1. X** — y\n\n**2. X** — y\n\n**3. X** — y\n\n**04. B** — see 02.\n**5. C**"
    );
}

#[test]
fn later_items_stand_as_they_were_whatever_their_dress() {
    let later = "   **2.  Write the **bold** part**—x\r\n  - Files:\r\n    - `a,b.md`\r\n\r\n```\n**3. code**\n```\nbetween  \n\n\n**3. `c ** d`:** 2. of 3\n- Done when: **2** of 3\n<!-- note 3. -->\n \n";
    let body = format!("## Sub-objectives\n**1. A** — b\nmore of A\n\n{later}## Risks\n");
    let parts = [
        pair("With **bold** text", "x"),
        pair("Last", "- Done when: y"),
    ];
    let replaced = replace_item(&body, 1, &parts).unwrap();
    let moved = later
        .replacen("**2. ", "**3. ", 1)
        .replacen("**3. `c", "**4. `c", 1);
    let expected = format!(
        "## Sub-objectives\n\r\n**1. With **bold** text** — x\r\n\r\n**2. Last**\r\n- Done when: y\r\n\r\n<!-- -->\r\n\r\n{moved}## Risks\n"
    );
    assert_eq!(replaced, expected);
    let items = sub_objectives(&replaced).unwrap();
    assert_eq!(items[0].title, "With **bold** text");
    assert_eq!(items[1].done_when, ["y"]);
    assert_moved(&sub_objectives(&body).unwrap()[1..], &items[2..], 1);
    for head in [" **2. B**", "  **2. B**", "   **2. B**"] {
        let body = section(&format!("**1. A**\n{head} — c"));
        for open in [
            "- a",
            "- a\n  - b",
            "- Files: a\n\n  ```\n  code",
            "> ~~~\n> code",
        ] {
            let parts = [pair("X", "y"), pair("Z", open)];
            let replaced = replace_item(&body, 1, &parts).unwrap();
            let expected = head.replace('2', "3") + " — c\n### Risks\n1. None\n";
            assert!(replaced.ends_with(&expected), "{replaced:?}");
        }
    }
}

#[test]
fn parts_cannot_break_the_list_they_stand_in() {
    let nasty = "1. step one\n2. step two\n**9. bold** — x\n# Heading\n### Sub-objectives\n<!--\n- Files: `a.md`\n```\n**3. code**";
    let parts = [pair("Two\nlines **open", nasty), pair("Next", "x")];
    let replaced = replace_item(&essays(3), 1, &parts).unwrap();
    let items = sub_objectives(&replaced).unwrap();
    assert_eq!(items[0].title, "Two lines open");
    assert_eq!(items[0].files, ["a.md"]);
    assert!(items[0].text.ends_with("**3. code**\n```"));
    assert_moved(&sub_objectives(&essays(3)).unwrap()[1..], &items[2..], 1);
}

#[test]
fn what_cannot_be_replaced_is_said() {
    let body = "## Sub-objectives\n**1. A** — b\n**2. C** — d";
    let new = [pair("X", "y")];
    for number in [0, 3, usize::MAX] {
        assert_eq!(
            replace_item(body, number, &new),
            Err(BodyFault::NoSuchItem { number, count: 2 })
        );
    }
    assert_eq!(
        replace_item(body, 2, &[]),
        Err(BodyFault::NoParts { number: 2 })
    );
    assert_eq!(
        replace_item(body, 2, &[pair("X", "y"), pair(" ** ", "y")]),
        Err(BodyFault::EmptyTitle { number: 3 })
    );
    assert_eq!(replace_item("", 1, &new), Err(BodyFault::NoItems));
    let stray = format!("{body}\n## Later\n**4. Not one of them**\n");
    assert_eq!(
        replace_item(&stray, 1, &vec![pair("X", "y"); 2])
            .unwrap_err()
            .to_string(),
        "line 9: \"**4. Not one of them**\" looks like a sub-objective; expected every sub-objective above the heading that ends their section"
    );
}

#[test]
fn no_more_items_than_are_run() {
    let parts = vec![pair("X", "y"); 33];
    let full = replace_item(&essays(30), 15, &parts[..3]).unwrap();
    assert_eq!(titles(&full).len(), MAX_ITEMS);
    assert!(full.contains("**32. Draft essay 30**"));
    replace_item(&full, 32, &parts[..1]).unwrap();
    for (count, number, parts) in [(30, 15, &parts[..4]), (1, 1, &parts), (32, 32, &parts[..2])] {
        assert_eq!(
            replace_item(&essays(count), number, parts),
            Err(BodyFault::TooMany { count: 33 })
        );
    }
}

/// The item that is made of a description with these bullets.
fn read_back(
    description: &str,
    files: &[&str],
    done_when: &[&str],
    out_of_scope: &[&str],
) -> (String, SubObjective) {
    let text = bulleted(
        description,
        &texts(files),
        &texts(done_when),
        &texts(out_of_scope),
    );
    let body = replace_item(&essays(3), 2, &[pair("X", &text)]).unwrap();
    (text, sub_objectives(&body).unwrap().remove(1))
}

#[test]
fn bullets_read_back_as_their_entries() {
    let (text, item) = read_back(
        "Write it.",
        &["a.md", "notes/b c.md"],
        &["it exists", "QC passed: 2 of 2"],
        &["all else"],
    );
    assert_eq!(
        text,
        "Write it.\n- Files: a.md, notes/b c.md\n- Done when:\n  - it exists\n  - QC passed: 2 of 2\n- Out of scope: all else"
    );
    assert_eq!(item.description, "Write it.");
    assert_eq!(item.files, ["a.md", "notes/b c.md"]);
    assert_eq!(item.done_when, ["it exists", "QC passed: 2 of 2"]);
    assert_eq!(item.out_of_scope, ["all else"]);

    assert_eq!(bulleted(" \n", &[], &[], &[]), "");
    assert_eq!(read_back("x", &[], &[], &[]).0, "x");
    let (text, item) = read_back("", &["a"], &[], &[]);
    assert_eq!(
        (text.as_str(), item.text.as_str()),
        ("- Files: a", "**2. X**\n- Files: a")
    );
    assert_eq!((item.description.as_str(), item.files.len()), ("", 1));
}

#[test]
fn entries_that_a_bullet_would_swallow_are_written_otherwise() {
    for (files, written, read) in [
        (&["a,b.md", "c"][..], "`a,b.md`, c", &["a,b.md", "c"][..]),
        (&["None", "-"], "`None`, `-`", &["None", "-"]),
        (&[" a\nb ", "", " "], "a b", &["a b"]),
        (&["`a`b"], "ab", &["ab"]),
    ] {
        let (text, item) = read_back("x", files, &[], &[]);
        assert_eq!(text, format!("x\n- Files: {written}"));
        assert_eq!(item.files, read);
    }
    for entries in [
        &["**1. bold** first", "b"][..],
        &["a", "1. b"],
        &["a", "```", "~~~ c"],
        &["Files: a", "- b"],
        &["<!-- a", "# b"],
        &["**500 words**", "> c"],
        &["```"],
        &["**9. x**"],
    ] {
        let (text, item) = read_back("x", &[], entries, entries);
        assert_eq!(item.done_when, entries, "of {text:?}");
        assert_eq!(item.out_of_scope, entries, "of {text:?}");
        assert_eq!(item.description, "x");
    }
}

#[test]
fn a_description_cannot_swallow_the_bullets_below_it() {
    for (description, read) in [
        ("a\n```\ncode", "a\n```\ncode\n```"),
        ("```\nno code", "```\nno code"),
        ("a\n- b\n  ~~~\n  code", "a\n- b\n  ~~~\n  code\n  ~~~"),
        ("a\n<!--\n```\n-->", "a\n\\<!--\n```\n-->\n```"),
        ("1. a\r\n2. b\r# c", "1. a\n2\\. b\n\\# c"),
        ("- a", "- a"),
        ("a\n\n\n", "a"),
    ] {
        let (text, item) = read_back(description, &["f"], &["d", "e"], &["o"]);
        assert_eq!(item.description, read, "of {description:?}");
        assert_eq!(item.files, ["f"], "of {text:?}");
        assert_eq!(item.done_when, ["d", "e"]);
        assert_eq!(item.out_of_scope, ["o"]);
    }
    let (_, item) = read_back("- Files: a\n- Done when: b", &["f"], &["d"], &[]);
    assert_eq!(item.files, ["a", "f"]);
    assert_eq!(item.done_when, ["b", "d"]);
}

/// An entry that can be read back as it is, dense in what the parser looks at.
fn entry() -> impl Strategy<Value = String> {
    "(\\*\\*|[0-9]\\.|#|~~~|> |- |<!--|-->|\t|é|Files:|,|none|[a-z ]){0,8}"
        .prop_map(|entry: String| entry.trim().to_owned())
}

fn entries() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(entry(), 0..4)
}

fn written(entries: &[String]) -> Vec<String> {
    let entries = entries.iter().filter(|entry| !entry.is_empty());
    entries.cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_replacement_that_is_accepted_reads_back(
        descriptions in prop::collection::vec(markdown(), 3),
        number in 1..4_usize,
        windows in any::<bool>(),
        parts in prop::collection::vec((markdown(), markdown()), 1..4),
    ) {
        let items: Vec<_> = descriptions.iter().map(|text| pair("A", text)).collect();
        let body = replace_from(&essays(3), 0, &items).unwrap();
        let body = if windows { body.replace('\n', "\r\n") } else { body };
        if let Ok(replaced) = replace_item(&body, number, &parts) {
            let before = sub_objectives(&body).unwrap();
            let after = sub_objectives(&replaced).unwrap();
            prop_assert_eq!(&after[..number - 1], &before[..number - 1]);
            let by = u32::try_from(parts.len() - 1).unwrap();
            assert_moved(&before[number..], &after[number - 1 + parts.len()..], by);
        }
    }

    #[test]
    fn a_replacement_in_a_sound_list_is_never_unwritable(
        number in 1..4_usize,
        margin in 0..4_usize,
        title in markdown(),
        description in markdown(),
    ) {
        let body = essays(3).replace("\n**", &format!("\n{}**", " ".repeat(margin)));
        // Indented items do not go well with the bullets above them; blank lines do not end those.
        let body = body.replace("else.\n", "else.\n\nend\n");
        let replaced = replace_item(&body, number, &[pair("A", "b"), (title, description)]);
        let is_written = matches!(replaced, Ok(_) | Err(BodyFault::EmptyTitle { .. }));
        prop_assert!(is_written, "{replaced:?}");
    }

    #[test]
    fn any_bullets_read_back_below_any_description(
        description in markdown(),
        files in entries(),
        done_when in entries(),
        out_of_scope in entries(),
    ) {
        let text = bulleted(&description, &files, &done_when, &out_of_scope);
        let body = replace_item(&essays(3), 2, &[pair("X", &text)]).unwrap();
        let item = sub_objectives(&body).unwrap().remove(1);
        prop_assert!(item.files.ends_with(&written(&files)), "{text:?}: {item:?}");
        prop_assert!(item.done_when.ends_with(&written(&done_when)), "{text:?}: {item:?}");
        prop_assert!(item.out_of_scope.ends_with(&written(&out_of_scope)), "{text:?}: {item:?}");
    }
}
