use super::*;

#[test]
fn an_embedder_is_a_word_or_a_section() {
    for (text, kind) in [
        ("", EmbedderKind::Fastembed),
        ("embedder: fastembed", EmbedderKind::Fastembed),
        ("embedder: minilm", EmbedderKind::Fastembed),
        ("embedder: lexical", EmbedderKind::Lexical),
        ("embedder: {kind: minilm}", EmbedderKind::Fastembed),
        ("embedder: {kind: lexical}", EmbedderKind::Lexical),
        ("embedder: {}", EmbedderKind::Fastembed),
        ("embedder: {kind: }", EmbedderKind::Fastembed),
    ] {
        let expected = EmbedderConfig {
            kind,
            ..EmbedderConfig::default()
        };
        assert_eq!(parse(text).unwrap().embedder, expected, "of {text:?}");
    }
}

#[test]
fn edges_of_the_memory_are_taken() {
    for (text, idle) in [("1s", 1), ("1000ms", 1), ("168h", 7 * 24 * 3600)] {
        let config = parse(&format!("embedder: {{idle_unload: {text}}}")).unwrap();
        assert_eq!(config.embedder.idle_unload, Duration::from_secs(idle));
    }
    for (text, least, top) in [
        ("{min_similarity: 0, top: 0}", Some(0.0), 0),
        ("{min_similarity: 1, top: 20}", Some(1.0), 20),
        ("{min_similarity: 0.305}", Some(0.305), 5),
        ("{min_similarity: auto}", None, 5),
        ("{}", None, 5),
    ] {
        let memory = parse(&format!("memory: {text}")).unwrap().memory;
        assert_eq!((memory.min_similarity, memory.top), (least, top), "{text}");
        assert!(memory.team_memory);
    }
}

#[test]
fn faults_of_the_memory_say_what_to_write() {
    const NONE: &str = "there is always an embedder; write lexical, which needs no model, and team_memory_enabled: false if agents are to see no notes";
    const FORM: &str =
        "expected fastembed, lexical, or a mapping with kind, model_dir, onnxruntime, idle_unload";
    for (text, expected) in [
        ("embedder: none", format!("embedder: {NONE}")),
        ("embedder: false", format!("embedder: {NONE}")),
        ("embedder: {kind: off}", format!("embedder.kind: {NONE}")),
        (
            "embedder: {model: minilm}",
            "embedder.model: is no key; write kind: fastembed (all-MiniLM-L6-v2) or kind: lexical; a folder with a model's files is model_dir".to_owned(),
        ),
        (
            "embedder: fastembd",
            r#"embedder: "fastembd" is none of fastembed, minilm, lexical; the nearest is "fastembed""#.to_owned(),
        ),
        ("embedder: true", r#"embedder: expected text, found true"#.to_owned()),
        ("embedder: 3", format!("embedder: {FORM}, found 3")),
        ("embedder: [lexical]", format!("embedder: {FORM}, found a list")),
        (
            "embedder: {kind: 5}",
            "embedder.kind: expected text, found 5".to_owned(),
        ),
        (
            "embedder: {modeldir: x}",
            r#"embedder.modeldir: unknown key; the nearest known one is "model_dir""#.to_owned(),
        ),
        (
            "embedder: {model_dir: ~/models}",
            "embedder.model_dir: ~ stands for nothing here; write the whole path".to_owned(),
        ),
        (
            "embedder: {onnxruntime: ''}",
            r#"embedder.onnxruntime: expected text, found """#.to_owned(),
        ),
        (
            "embedder: {idle_unload: 999ms}",
            r#"embedder.idle_unload: "999ms" is too short; write at least 1s"#.to_owned(),
        ),
        (
            "embedder: {idle_unload: 169h}",
            r#"embedder.idle_unload: "169h" is too long; write at most 168h"#.to_owned(),
        ),
        (
            "memory: {min_similarity: 1.01}",
            "memory.min_similarity: expected a number from 0 to 1, or auto, found 1.01".to_owned(),
        ),
        (
            "memory: {min_similarity: .nan}",
            "memory.min_similarity: expected a number from 0 to 1, or auto, found .nan".to_owned(),
        ),
        (
            "memory: {min_similarity: -0.5}",
            "memory.min_similarity: expected a number from 0 to 1, or auto, found -0.5".to_owned(),
        ),
        (
            "memory: {min_similarity: '0.5'}",
            r#"memory.min_similarity: expected a number from 0 to 1, or auto, found "0.5""#.to_owned(),
        ),
        (
            "memory: {top: 21}",
            "memory.top: expected a whole number from 0 to 20, found 21".to_owned(),
        ),
        (
            "memory: {similarity: 1}",
            r#"memory.similarity: unknown key; the nearest known one is "min_similarity""#.to_owned(),
        ),
        ("memory: off", r#"memory: expected a mapping, found "off""#.to_owned()),
        (
            "team_memory_enabled: maybe",
            r#"team_memory_enabled: expected true or false, found "maybe""#.to_owned(),
        ),
        (
            "team_memory: false",
            r#"team_memory: unknown key; the nearest known one is "memory""#.to_owned(),
        ),
    ] {
        assert_eq!(faults(text), format!("modulatio.yaml: {expected}"), "of {text:?}");
        let of_project = project(&format!("objective: x\n{text}")).unwrap_err();
        let of_project = of_project.to_string();
        assert_eq!(of_project, format!("ess/project.yaml: {expected}"), "of {text:?}");
    }
}

#[test]
fn a_project_replaces_the_embedder_whole_and_the_memory_key_by_key() {
    let vault = parse("embedder: {kind: lexical, idle_unload: 5m}\nmemory: {min_similarity: 0.4, top: 3}\nteam_memory_enabled: false").unwrap();
    let of = |text: &str| {
        let own = project(&format!("objective: x\n{text}")).unwrap();
        let config = vault.for_project(&own).unwrap();
        (config.embedder, config.memory)
    };
    assert_eq!(of(""), (vault.embedder.clone(), vault.memory));
    let (embedder, memory) = of("embedder: {model_dir: m}\nmemory: {top: 0}");
    assert_eq!(embedder.kind, EmbedderKind::Fastembed);
    assert_eq!(embedder.idle_unload, Duration::from_secs(1800));
    assert_eq!((memory.min_similarity, memory.top), (Some(0.4), 0));
    assert!(!memory.team_memory);
    let (_, memory) = of("team_memory_enabled: true\nmemory: {min_similarity: 1}");
    assert!(memory.team_memory);
    assert_eq!((memory.min_similarity, memory.top), (Some(1.0), 3));
    let (_, memory) = of("memory: {min_similarity: auto}");
    assert_eq!((memory.min_similarity, memory.top), (None, 3));
}

#[test]
fn relative_paths_of_an_embedder_begin_at_the_vault() {
    let text = "embedder: {model_dir: models/m, onnxruntime: /opt/libonnxruntime.so}";
    let embedder = parse(text).unwrap().embedder.in_vault(Path::new("/v"));
    assert_eq!(
        embedder.model_dir.as_deref(),
        Some(Path::new("/v/models/m"))
    );
    let library = embedder.onnxruntime.as_deref();
    assert_eq!(library, Some(Path::new("/opt/libonnxruntime.so")));
}

#[test]
fn a_producer_takes_the_kinds_that_it_names_and_without_any_all() {
    let kinds = |text: &str| {
        let config = parse(&format!("team: {{producers: [{{name: a{text}}}]}}")).unwrap();
        config.team.producers[0].kinds.clone()
    };
    for text in ["", ", kinds: []", ", kinds: "] {
        assert_eq!(kinds(text), [], "{text}");
    }
    assert_eq!(kinds(", kinds: code"), [ArtifactKind::Code]);
    assert_eq!(
        kinds(", kinds: [research, document, data]"),
        [
            ArtifactKind::Research,
            ArtifactKind::Document,
            ArtifactKind::Data
        ]
    );
    for (text, expected) in [
        (
            "[code, txt]",
            r#"[1]: "txt" is none of document, code, data, research; the nearest is "data""#,
        ),
        ("[code, code]", r#"[1]: "code" stands here twice"#),
        ("3", ": expected text, found 3"),
        ("[3]", "[0]: expected text, found 3"),
    ] {
        let text = format!("team: {{producers: [{{name: a, kinds: {text}}}]}}");
        let expected = format!("modulatio.yaml: team.producers[0].kinds{expected}");
        assert_eq!(faults(&text), expected);
    }
}
