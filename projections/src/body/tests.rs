use proptest::prelude::*;

use super::*;

// Marked by itself: the import law reads each file for itself.
#[cfg(test)]
mod parts;

/// A body as the Python program writes it: `count` items between the sections that surround them.
fn essays(count: u32) -> String {
    let item = |n| {
        format!(
            "**{n}. Draft essay {n}** — write a short essay number {n} on patience.\n- Files: essay{n}.md\n- Done when: the essay exists and QC passed.\n- Out of scope: everything else.\n\n"
        )
    };
    let items: String = (1..=count).map(item).collect();
    format!(
        "\n## Essays on patience\n\n### Diagnostic\nThe user wants {count} essays.\n\n### Judgment\nOne per sub-objective, in sequence.\n\n### Sub-objectives\n\n{items}### Risks\n- None of note.\n\n### Ask\nApprove?\n"
    )
}

/// A section around a list.
fn section(list: &str) -> String {
    format!("# Plan\n\n### Sub-objectives\n{list}\n### Risks\n1. None\n")
}

fn titles(body: &str) -> Vec<String> {
    let items = sub_objectives(body).unwrap();
    items.into_iter().map(|item| item.title).collect()
}

fn refusal(body: &str) -> String {
    sub_objectives(body).unwrap_err().to_string()
}

#[test]
fn plans_of_the_python_program_are_read() {
    for count in [1, 2, 3, 4] {
        let items = sub_objectives(&essays(count)).unwrap();
        assert_eq!(items.len(), count as usize);
    }
    let second = sub_objectives(&essays(2)).unwrap().remove(1);
    assert_eq!(
        second,
        SubObjective {
            number: 2,
            title: "Draft essay 2".to_owned(),
            description: "write a short essay number 2 on patience.".to_owned(),
            files: vec!["essay2.md".to_owned()],
            done_when: vec!["the essay exists and QC passed.".to_owned()],
            out_of_scope: vec!["everything else.".to_owned()],
            text: "**2. Draft essay 2** — write a short essay number 2 on patience.\n- Files: essay2.md\n- Done when: the essay exists and QC passed.\n- Out of scope: everything else.".to_owned(),
        }
    );
}

#[test]
fn every_separator_and_title_is_read() {
    for (line, title, description) in [
        ("**1. Title** — text", "Title", "text"),
        ("**1. Title** – text", "Title", "text"),
        ("**1. Title** - text", "Title", "text"),
        ("**1. Title** -- text", "Title", "text"),
        ("**1. Title**: text", "Title", "text"),
        ("**1. Title:** text", "Title", "text"),
        ("**1. Title —** text", "Title", "text"),
        ("**1. Title** text", "Title", "text"),
        ("**1. Title**—text", "Title", "text"),
        ("**1. Title**", "Title", ""),
        ("   **1.  A   title**  ", "A title", ""),
        ("**1.Title** — text", "Title", "text"),
        ("**01. Title** — text", "Title", "text"),
        (
            "**1. Title** — with **bold** text",
            "Title",
            "with **bold** text",
        ),
        (
            "**1. Write the **bold** part** — text",
            "Write the **bold** part",
            "text",
        ),
        ("**1. **bold** first** — text", "**bold** first", "text"),
        ("**1. very **bold**** — text", "very **bold**", "text"),
        ("**1. Fix (**now**) it** — text", "Fix (**now**) it", "text"),
        ("**1. an *italic*** — text", "an *italic*", "text"),
        ("**1. run `a ** b`** — text", "run `a ** b`", "text"),
        ("**1. a ** b** — text", "a ** b", "text"),
        ("**1. a \\** b** — text", "a \\** b", "text"),
        (
            "**1. Raise it by 2.5 points** — 10:30",
            "Raise it by 2.5 points",
            "10:30",
        ),
        ("**1. 标题**说明", "标题", "说明"),
        ("**1. Title** — — text", "Title", "— text"),
    ] {
        let item = sub_objectives(&section(line)).unwrap().remove(0);
        assert_eq!(
            (item.title.as_str(), item.description.as_str()),
            (title, description),
            "of {line:?}"
        );
    }
}

#[test]
fn headings_of_the_section_vary() {
    for heading in [
        "## Sub-objectives",
        "### Sub-objectives",
        "### SUB-OBJECTIVES:  ",
        "### Sub objectives",
        "### Sub\u{2011}objectives",
        "## Sub-Objectives ##",
        "  ### sub-objectives\t",
    ] {
        let body = format!("intro\n{heading}\n**1. A** — b\n");
        assert_eq!(titles(&body), ["A"], "of {heading:?}");
        assert_eq!(titles(&body.replace('\n', "\r\n")), ["A"], "of {heading:?}");
    }
    for heading in [
        "# Sub-objectives",
        "#### Sub-objectives",
        "**Sub-objectives**",
        "###Sub-objectives",
        "### Sub-objectives (2)",
    ] {
        let body = format!("intro\n{heading}\n**1. A** — b\n");
        assert_eq!(
            sub_objectives(&body),
            Err(BodyFault::NoItems),
            "of {heading:?}"
        );
    }
}

#[test]
fn a_section_ends_at_its_level() {
    let list = "## Sub-objectives\n**1. A** — b\n#### Notes\nmore\n### Also\nand more\n## Risks\n**1. Late** — x\n# End\n";
    let item = sub_objectives(list).unwrap().remove(0);
    assert_eq!(item.description, "b\n#### Notes\nmore\n### Also\nand more");
    let ruled = "## Sub-objectives\n**1. A** — b\n---\n**2. B** — c\n---\n";
    assert_eq!(titles(ruled), ["A", "B"]);
}

#[test]
fn descriptions_go_on_and_fields_are_read_in_every_dress() {
    let body = section(
        "
Some words first, 3 of them.

**1. Draft** — the first line
and the second.

A paragraph with 2.5 times
- a bullet of its own: yes
  1. nested number
* **Files:** `a b.md`, notes/c.md,d.md , `e,f.md`
+ *done when*: it exists
  and is long
  - **500 words** at least
  1. counted
lazily continued
- **Out-of-Scope**: all else

The last words.
**2. Other**
  - Files:
    - `x.md` and `y.md` (new)
    - none
  - Done when:
",
    );
    let items = sub_objectives(&body).unwrap();
    let first = &items[0];
    assert_eq!(
        first.description,
        "the first line\nand the second.\n\nA paragraph with 2.5 times\n- a bullet of its own: yes\n  1. nested number\nThe last words."
    );
    assert_eq!(first.files, ["a b.md", "notes/c.md", "d.md", "e,f.md"]);
    assert_eq!(
        first.done_when,
        [
            "it exists and is long",
            "**500 words** at least 1. counted lazily continued"
        ]
    );
    assert_eq!(first.out_of_scope, ["all else"]);
    assert!(first.text.starts_with("**1. Draft**") && first.text.ends_with("The last words."));
    assert_eq!(items[1].files, ["x.md", "y.md"]);
    assert!(items[1].done_when.is_empty() && items[1].description.is_empty());
}

#[test]
fn what_looks_like_an_item_and_is_none_refuses_the_list() {
    let form = "the form `**1. Title** — description`";
    let margin = "an item at the left margin, outside any bullet, quote or heading";
    let close = "`**` that closes the title, on the same line";
    let title = "a title between the number and the closing `**`";
    for (second, expected) in [
        ("**2 Title** — x", form),
        ("**2) Title** — x", form),
        ("**2: Title** — x", form),
        ("**2\\. Title** — x", form),
        ("**2.5 Title** — x", form),
        ("** 2. Title** — x", form),
        ("***2. Title*** — x", form),
        ("*2. Title* — x", form),
        ("__2. Title__ — x", form),
        ("2. Title", form),
        ("2) Title", form),
        ("2. **Title** — x", form),
        ("#### 2. Title", form),
        ("#### Sub-objective 2: Title", form),
        ("**Sub-objective 2: Title**", form),
        ("**#2 Title**", form),
        ("<b>2. Title</b>", form),
        ("> **2. Title** — x", form),
        ("- **2. Title** — x", form),
        ("- [ ] **2. Title** — x", form),
        ("<!-- **2. Title** — x -->", form),
        ("\u{200b}**2. Title** — x", form),
        ("**２. Title** — x", form),
        ("**99999999999. Title** — x", form),
        ("    **2. Title** — x", margin),
        ("\t**2. Title** — x", margin),
        ("**2. ", close),
        ("**2. Title — x", close),
        ("**2. Title — with **bold** text", close),
        ("**2. Title ** — x", close),
        ("**2. Title\nthat goes on** — x", close),
        ("**2.** Title — x", title),
        ("**2. : ** x", close),
        ("**2. :** x", title),
        ("**1. Title** — x", "number 2"),
        ("**3. Title** — x", "number 2"),
        ("**0. Title** — x", "number 2"),
        (
            "<!--\n**2. Title** — x\n-->",
            "no sub-objective within an HTML comment",
        ),
    ] {
        let list = format!("**1. First** — x\n- Files: a\n\n{second}\n\n**2. Last** — x");
        let fault = sub_objectives(&section(&list)).unwrap_err();
        let BodyFault::Refused {
            line,
            text,
            expected: said,
        } = fault
        else {
            panic!("{second:?}: {fault}");
        };
        let offset = usize::from(second.starts_with("<!--\n"));
        let shown = second.lines().nth(offset).unwrap().trim();
        assert_eq!(
            (line, text.as_str(), said.as_str()),
            (7 + offset, shown, expected),
            "of {second:?}"
        );
    }
    assert_eq!(
        refusal(&section("**1. A**\n- Done when: b\n  **2. C** — d\n")),
        format!("line 6: \"**2. C** — d\" looks like a sub-objective; expected {margin}")
    );
}

#[test]
fn a_list_is_never_cut_by_a_heading_or_a_fence() {
    let phases = "### Sub-objectives\n**1. A** — b\n### Phase two\n**2. C** — d\n";
    assert_eq!(
        refusal(phases),
        "line 4: \"**2. C** — d\" looks like a sub-objective; expected every sub-objective above the heading that ends their section"
    );
    for hidden in [
        "**1. A**\n```\ncode\n**2. B**\n",
        "**1. A**\n~~~\n```\n**2. B**\n",
        "**1. A**\n````\n```\n**2. B**\n",
    ] {
        assert_eq!(
            refusal(&section(hidden)),
            "line 5: a fenced code block opens here and never closes"
        );
    }
    assert_eq!(
        refusal("```\n### Sub-objectives\n**1. A**\n"),
        "line 1: a fenced code block opens here and never closes"
    );
    for held in [
        "**1. A**\n- ```\n  code\n  ```\n**2. B**",
        "**1. A**\n- ```\n  code\n**2. B**",
        "**1. A**\n- x\n  ```\n  code\n**2. B**",
        "**1. A**\n> ~~~\n> code\n**2. B**",
        "**1. A**\n> ~~~\n> code\n> ~~~\n**2. B**",
        "**1. A**\n  ```\n**9. code**\n      ```\n  ```\n**2. B**",
        "**1. A**\n```\n**2. Code**\n```\n**2. B**",
        "**1. A**\n~~~ text\n2. Code\n```\n~~~\n**2. B**",
        "**1. A**\n``` not ` a fence\n**2. B**",
        "**1. A**\n<!-- note\n```\n-->\n**2. B**",
    ] {
        assert_eq!(titles(&section(held)), ["A", "B"], "of {held:?}");
    }
}

#[test]
fn nothing_twice_or_too_many_is_refused() {
    assert_eq!(sub_objectives(""), Err(BodyFault::NoItems));
    assert_eq!(
        sub_objectives(&section("only words\n")),
        Err(BodyFault::NoItems)
    );
    assert_eq!(titles(&essays(32)).len(), 32);
    assert_eq!(
        sub_objectives(&essays(33)),
        Err(BodyFault::TooMany { count: 33 })
    );
    let twice = essays(1) + "\n## Sub objectives\n";
    assert_eq!(
        refusal(&twice),
        "line 23: a second section of sub-objectives; the first is at line 10"
    );
    let first = section("2. B");
    assert!(refusal(&first).starts_with("line 4: \"2. B\" looks like"));
}

#[test]
fn safe_paths_stay_below_their_directory() {
    let long = "a".repeat(121);
    let deep = "ab/".repeat(80) + "c";
    for (path, safe) in [
        ("essay1.md", true),
        ("notes/part 1/essay—ü.md", true),
        ("a.b/c-d", true),
        (&deep[3..], true),
        ("", false),
        ("/etc/passwd", false),
        ("../x", false),
        ("a/../b", false),
        ("a/./b", false),
        ("a//b", false),
        ("a/", false),
        (".git/config", false),
        ("a/.ssh", false),
        ("-rf", false),
        ("a/-rf", false),
        ("~/x", false),
        ("a\\b", false),
        ("C:x", false),
        ("a\0b", false),
        ("a\nb", false),
        ("a\u{202e}b", false),
        (" a", false),
        ("a /b", false),
        ("a.", false),
        (long.as_str(), false),
        (deep.as_str(), false),
    ] {
        assert_eq!(is_safe_relative_path(path), safe, "of {path:?}");
    }
}

fn pair(title: &str, description: &str) -> (String, String) {
    (title.to_owned(), description.to_owned())
}

#[test]
fn a_revision_keeps_what_is_finished_byte_for_byte() {
    let body = essays(3);
    let new = [pair("Merge", "join both essays."), pair("Check", "")];
    let revised = replace_from(&body, 1, &new).unwrap();
    let start = body.find("**2. ").unwrap();
    let end = body.find("### Risks").unwrap();
    let expected = format!(
        "{}**2. Merge** — join both essays.\n\n**3. Check**\n\n{}",
        &body[..start],
        &body[end..]
    );
    assert_eq!(revised, expected);
    let windows = replace_from(&body.replace('\n', "\r\n"), 1, &new).unwrap();
    assert_eq!(windows, expected.replace('\n', "\r\n"));
}

#[test]
fn a_revision_may_append_shorten_or_replace_all() {
    let body = "## Sub-objectives\n**1. A** — b\n**2. C** — d";
    let new = [pair("X", "y")];
    assert_eq!(
        replace_from(body, 2, &new).unwrap(),
        "## Sub-objectives\n**1. A** — b\n**2. C** — d\n\n**3. X** — y\n"
    );
    assert_eq!(
        replace_from(body, 1, &[]).unwrap(),
        "## Sub-objectives\n**1. A** — b\n"
    );
    assert_eq!(replace_from(body, 2, &[]).unwrap(), body);
    assert_eq!(
        replace_from(body, 0, &new).unwrap(),
        "## Sub-objectives\n\n**1. X** — y\n"
    );
    assert_eq!(replace_from(body, 0, &[]), Err(BodyFault::NoItems));
    assert_eq!(
        replace_from(body, 3, &new),
        Err(BodyFault::BeyondTheEnd {
            finished: 3,
            count: 2
        })
    );
    let many = vec![pair("X", "y"); 31];
    assert_eq!(
        replace_from(body, 2, &many),
        Err(BodyFault::TooMany { count: 33 })
    );
    assert_eq!(
        replace_from(body, 1, &[pair(" ** ", "y")]),
        Err(BodyFault::EmptyTitle { number: 2 })
    );
}

#[test]
fn a_revision_cannot_break_the_list_it_stands_in() {
    let body = essays(2);
    let nasty = "1. step one\n2. step two\n**9. bold** — x\n# Heading\n### Sub-objectives\n<!--\n- Files: `a.md`\n```\n**3. code**";
    let revised = replace_from(
        &body,
        1,
        &[pair("Two\nlines **open", nasty), pair("Next", "x")],
    )
    .unwrap();
    let items = sub_objectives(&revised).unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!(items[1].title, "Two lines open");
    assert_eq!(items[1].files, ["a.md"]);
    assert!(
        items[1]
            .text
            .contains("\n2\\. step two\n\\**9. bold** — x\n\\# Heading\n")
    );
    assert!(items[1].text.ends_with("**3. code**\n```"));
    assert!(revised.ends_with("### Ask\nApprove?\n"));
}

/// Text that is dense in what the parser looks at.
fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("## Sub-objectives\n".to_owned()),
        (1..4_u32).prop_map(|n| format!("**{n}. Title** — text\n")),
        "(\\*\\*|[0-9]\\.|\n|#|```|~~~|> |- |`|<!--|-->|\t|    |\r\n|é|Files:|\\\\|[a-z ]){0,12}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = sub_objectives(&text);
        let _ = is_safe_relative_path(&text);
    }

    #[test]
    fn a_list_is_whole_or_refused(text in markdown()) {
        if let Ok(items) = sub_objectives(&text) {
            prop_assert!((1..=MAX_ITEMS).contains(&items.len()));
            prop_assert!(items.iter().zip(1..).all(|(item, number)| item.number == number));
            prop_assert!(items.iter().all(|item| text.contains(&item.text)));
        }
    }

    #[test]
    fn any_revision_that_is_accepted_reads_back(
        body in markdown(),
        finished in 0..4_usize,
        new in prop::collection::vec((markdown(), markdown()), 0..4),
    ) {
        if let Ok(revised) = replace_from(&body, finished, &new) {
            let before = sub_objectives(&body).unwrap();
            let after = sub_objectives(&revised).unwrap();
            prop_assert_eq!(after.len(), finished + new.len());
            prop_assert_eq!(&after[..finished], &before[..finished]);
        }
    }

    #[test]
    fn a_revision_of_a_sound_list_is_never_unwritable(
        finished in 0..4_usize,
        title in markdown(),
        description in markdown(),
    ) {
        let revised = replace_from(&essays(3), finished, &[(title, description)]);
        let is_written = matches!(revised, Ok(_) | Err(BodyFault::EmptyTitle { .. }));
        prop_assert!(is_written, "{revised:?}");
    }

    #[test]
    fn plain_items_read_back_as_given(
        new in prop::collection::vec(("[A-Za-z][A-Za-z0-9 ,]{0,20}[a-z]", "[A-Za-z][A-Za-z0-9 —:,]{0,30}[a-z]"), 1..30),
        finished in 0..3_usize,
    ) {
        let revised = replace_from(&essays(2), finished, &new).unwrap();
        let items = sub_objectives(&revised).unwrap();
        for (item, (title, description)) in items[finished..].iter().zip(&new) {
            let words: Vec<&str> = title.split_whitespace().collect();
            prop_assert_eq!(&item.title, &words.join(" "));
            prop_assert_eq!(&item.description, description);
        }
    }
}
