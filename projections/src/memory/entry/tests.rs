use proptest::prelude::*;

use super::*;
use crate::memory::{Note, NoteKind, Tier};

fn at() -> Timestamp {
    Timestamp::parse("2026-11-23T20:34:50Z").unwrap()
}

fn a_note() -> Note {
    Note {
        id: "ESS-P-001-m1".to_owned(),
        kind: NoteKind::Technique,
        text: "Quote the *Enchiridion* by chapter.\n\n## Rationale\n\nReaders look it up."
            .to_owned(),
        tags: vec!["sources".to_owned(), "stoicism".to_owned()],
        artifact_kind: Some(TaskKind::Research),
        writer: "drafter".to_owned(),
        tier: Tier::Producer,
        plan: Some("ESS-P-001".parse().unwrap()),
        task: None,
    }
}

#[test]
fn a_note_of_ours_reads_back() {
    for (promoted, agent) in [(None, "drafter"), (Some("qc"), "drafter")] {
        let file = a_note().render(at(), promoted);
        let entry = Entry::read(Store::TeamMemory, "ESS-P-001-m1", &file);
        assert_eq!(entry.kind, Some(TaskKind::Research));
        assert_eq!(entry.label, "technique");
        assert_eq!(entry.agent.as_deref(), Some(agent));
        assert_eq!(entry.at, Some(at()));
        assert_eq!(entry.passed, None);
        assert_eq!(entry.shown, a_note().text);
        assert_eq!(entry.title, "Quote the *Enchiridion* by chapter.");
        assert!(entry.sought.contains("sources stoicism"), "{entry:?}");
        assert!(entry.sought.ends_with("Readers look it up."), "{entry:?}");
    }
}

/// A verdict as the engine writes it.
fn judged_by_qc(brief: &str) -> String {
    use crate::{event::TaskReviewed, memory::Judgement, plan, work};
    let spec = work::TaskSpec {
        id: "s1-t2".parse().unwrap(),
        title: "Compare the two schools".to_owned(),
        brief: brief.to_owned(),
        kind: TaskKind::Code,
        artifacts: vec!["out.md".to_owned()],
        acceptance: vec!["both are quoted".to_owned()],
        needs: Vec::new(),
        producer: None,
    };
    let task = plan::Task {
        asked: Some("drafter".to_owned()),
        rehearsed: false,
        routed: None,
        spec,
        stage: plan::TaskStage::Reviewing,
        attempt: 1,
        redos: 0,
        how: work::Redo::Anew,
        defects: Vec::new(),
        claim: String::new(),
        artifacts: Vec::new(),
        found_in: None,
        verdict: None,
        told: Vec::new(),
        talk: Vec::new(),
    };
    let defect = |severity, class, location: &str, what: &str| work::Defect {
        severity,
        class,
        location: location.to_owned(),
        what: what.to_owned(),
    };
    let major = (work::Severity::Major, work::DefectClass::Substantive);
    let style = (work::Severity::Style, work::DefectClass::Mechanical);
    let verdict = work::Verdict {
        passed: false,
        summary: "One of them is not quoted.".to_owned(),
        defects: vec![
            defect(major.0, major.1, "section 2", "it names no source"),
            defect(style.0, style.1, "", "lines are long:  very"),
        ],
    };
    let reviewed = TaskReviewed {
        task: task.spec.id.clone(),
        attempt: 1,
        verdict,
        by_engine: false,
    };
    let judgement = Judgement {
        nth: 1,
        plan: &"ESS-P-001".parse().unwrap(),
        task: &task,
        reviewed: &reviewed,
        at: at(),
    };
    assert_eq!(judgement.id(), "code/ESS-P-001-s1-t2-1");
    judgement.render()
}

#[test]
fn a_verdict_of_ours_reads_back() {
    let file = judged_by_qc("In 800 words.");
    let entry = Entry::read(Store::QcHistory, "code/ESS-P-001-s1-t2-1", &file);
    assert_eq!(entry.kind, Some(TaskKind::Code));
    assert_eq!((entry.passed, entry.label.as_str()), (Some(false), "fail"));
    assert_eq!(entry.agent.as_deref(), Some("drafter"));
    assert_eq!(entry.at, Some(at()));
    assert_eq!(entry.title, "Compare the two schools");
    let shown = "Compare the two schools\nVerdict: fail\nOne of them is not quoted.\nDefects:\n\
        - major, substantive at section 2: it names no source\n- style, mechanical: lines are long: very";
    assert_eq!(entry.shown, shown);
    let sought = "Compare the two schools\n\nIn 800 words.\n- both are quoted\nOne of them is not quoted.\n\
        - major, substantive at section 2: it names no source\n- style, mechanical: lines are long: very";
    assert_eq!(entry.sought, sought);
}

#[test]
fn a_verdict_that_found_nothing_says_nothing_of_it() {
    let text = "---\nverdict: pass\n---\n\n## Task\n\nCount\n\n\n## Good enough when\n\n(none)\n\n## Rationale\n\n\
        (none)\n\n## Defects\n\n(none)\n";
    let entry = Entry::read(Store::QcHistory, "data/x-1", text);
    assert_eq!(entry.shown, "Count\nVerdict: pass");
    assert_eq!(entry.sought, "Count");
    assert_eq!(entry.kind, Some(TaskKind::Data), "the folder says it");
}

#[test]
fn a_verdict_of_the_earlier_program_is_found_by_its_artifact() {
    let text = "---\nentry_id: 78131fbb6952\ntimestamp: 2026-11-23T20:34:50+00:00\ntask_id: ess-T-002\n\
        producer_agent: producer\nqc_agent: qc\nverdict: pass\ndefect_type: \n---\n\n## Rationale\n\nok\n\n\
        ## Artifact body\n\n>>>ARTIFACT-BODY-START<<<\n# Essay 2\n\nStoicism teaches restraint.\n\n## Defects\n\n\
        of character\n>>>ARTIFACT-BODY-END<<<\n";
    let entry = Entry::read(
        Store::QcHistory,
        "text/2026-11-23__000002__78131fbb6952",
        text,
    );
    assert_eq!(entry.kind, Some(TaskKind::Document));
    assert_eq!((entry.passed, entry.at), (Some(true), Some(at())));
    assert_eq!(entry.title, "Essay 2");
    assert_eq!(entry.shown, "Essay 2\nVerdict: pass\nok");
    assert!(entry.sought.ends_with("of character"), "{entry:?}");
}

#[test]
fn a_note_of_the_earlier_program_is_read() {
    let text = "---\nentry_id: 202611232034502957000001\ntimestamp: 2026-11-23T20:34:50+00:00\nwriter_id: qc\n\
        writer_tier: qc\nskill_tags: [drafter]\nartifact_kind: text\ncapability_tags: [writing]\nproposed_by: \n---\n\
        \n## Body\n\nThe user prefers concise prose.\n";
    let entry = Entry::read(Store::TeamMemory, "2026__1", text);
    assert_eq!(entry.kind, Some(TaskKind::Document));
    assert_eq!(entry.agent.as_deref(), Some("qc"));
    assert_eq!(entry.shown, "The user prefers concise prose.");
    assert_eq!(
        entry.sought,
        "The user prefers concise prose.\ndrafter writing\nThe user prefers concise prose."
    );
}

#[test]
fn a_persons_notes_are_read_in_whatever_form() {
    let read = |text| Entry::read(Store::TeamMemory, "style/tone", text);
    let cases = [
        // (file, title, shown)
        ("", "tone", ""),
        ("# Tone of voice\n", "Tone of voice", "# Tone of voice"),
        ("\u{feff}Plain words.\r\n", "Plain words.", "Plain words."),
        (
            "---\ntitle: Our tone\ntags: [voice, \"#style\"]\ndate: 2026-11-23\n---\nSee [[Style guide|guide]] #tone\n",
            "Our tone",
            "See [[Style guide|guide]] #tone",
        ),
        (
            "---\ntags: [a, b\nx: : :\n---\nStill a note.\n",
            "Still a note.",
            "Still a note.",
        ),
        (
            "---\n- a list\n---\nStill a note.\n",
            "a list",
            "---\n- a list\n---\nStill a note.",
        ),
        (
            "---\nNever closed: at all\n",
            "Never closed: at all",
            "---\nNever closed: at all",
        ),
        ("---\n---\n", "tone", ""),
        (
            "Intro.\n\n## Body\n\nof it\n",
            "Intro.",
            "Intro.\n\n## Body\n\nof it",
        ),
        ("\n\n***\n> * quoted\n", "quoted", "***\n> * quoted"),
    ];
    for (file, title, shown) in cases {
        let entry = read(file);
        assert_eq!(
            (entry.title.as_str(), entry.shown.as_str()),
            (title, shown),
            "{file:?}"
        );
        assert_eq!((entry.passed, entry.agent), (None, None), "{file:?}");
    }
    let obsidian = read(cases[3].0);
    assert!(obsidian.sought.contains("voice style"), "{obsidian:?}");
    assert_eq!(obsidian.at, Timestamp::parse("2026-11-23T00:00:00Z").ok());
}

#[test]
fn a_persons_verdict_is_its_text() {
    let entry = Entry::read(Store::QcHistory, "old", "# Lessons\n\nTables need units.\n");
    assert_eq!(entry.title, "Lessons");
    assert_eq!(entry.shown, "# Lessons\n\nTables need units.");
    assert_eq!(
        (entry.passed, entry.label.as_str(), entry.kind),
        (None, "", None)
    );
}

#[test]
fn unknown_words_are_none_and_known_ones_are_taken_in_any_case() {
    let read = |line: &str| Entry::read(Store::QcHistory, "x", &format!("---\n{line}\n---\n"));
    assert_eq!(read("artifact_kind: poem").kind, None);
    assert_eq!(read("artifact_kind: Text").kind, Some(TaskKind::Document));
    assert_eq!(read("artifact_kind: [code]").kind, None);
    assert_eq!(read("verdict: PASS").passed, Some(true));
    assert_eq!(read("verdict: maybe").passed, None);
    assert_eq!(read("timestamp: yesterday").at, None);
    let label =
        |line: &str| Entry::read(Store::TeamMemory, "x", &format!("---\n{line}\n---\n")).label;
    assert_eq!(label("kind: Fact"), "fact");
    assert_eq!(label("kind: a long story"), "");
}

#[test]
fn a_long_text_is_cut_at_a_character_and_marked() {
    let long = "ä".repeat(5_000);
    let entry = Entry::read(Store::TeamMemory, "long", &long);
    assert!(entry.shown.ends_with("ä […]") && entry.shown.len() <= MAX_SHOWN);
    assert!(entry.shown.len() > MAX_SHOWN - 4);
    assert!(entry.sought.len() <= MAX_SOUGHT && entry.sought.len() > MAX_SOUGHT - 4);
    assert!(entry.title.len() <= MAX_TITLE);
}

/// Pieces of which files of the memory are made, whole and torn.
fn piece() -> impl Strategy<Value = String> {
    let known = [
        "---\n",
        "...\n",
        "\u{feff}",
        "## Task\n",
        "## Rationale\n",
        "## Defects\n",
        "## Body\n",
        "## Artifact body\n",
        "## Good enough when\n",
        ">>>ARTIFACT-BODY-START<<<\n",
        ">>>ARTIFACT-BODY-END<<<",
        "(none)\n",
        "verdict: fail\n",
        "defects:\n- what: x\n",
        "- severity: 1\n",
        "tags: {a: b}\n",
        "kind: [",
        "timestamp: 2026-11-23\n",
        "artifact_kind: code\n",
        "&a [*a, *a]\n",
        "\r\n",
        "\0",
        "# ",
        "ß€😀",
        "\n",
    ];
    prop_oneof![
        4 => proptest::sample::select(known.map(str::to_owned).to_vec()),
        1 => any::<String>(),
        1 => ("[ä€😀x \n]", 1..3_000_usize).prop_map(|(c, n)| c.repeat(n)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn reading_never_fails_and_keeps_its_bounds(
        pieces in proptest::collection::vec(piece(), 0..14),
        id in "[a-zä/_-]{0,12}",
    ) {
        let text = pieces.concat();
        for store in Store::ALL {
            let entry = Entry::read(store, &id, &text);
            prop_assert!(entry.shown.len() <= MAX_SHOWN);
            prop_assert!(entry.sought.len() <= MAX_SOUGHT);
            prop_assert!(entry.title.len() <= MAX_TITLE && !entry.title.contains('\n'));
            prop_assert!(entry.label.len() <= 32);
            prop_assert_eq!(entry.id, id.clone());
        }
    }
}
