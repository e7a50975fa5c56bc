use super::*;

const MIB: u64 = 1024 * 1024;

fn disabled(config: &Config) -> Vec<&str> {
    config.tools.disable.iter().map(String::as_str).collect()
}

fn host(host: &str, port: Option<u16>) -> AllowedHost {
    let host = host.to_owned();
    AllowedHost { host, port }
}

#[test]
fn without_a_section_every_tool_is_there_and_no_host_is_allowed() {
    let config = Config::default();
    assert_eq!(config.sandbox, SandboxConfig::Auto);
    assert!(config.tools.disable.is_empty() && config.tools.http.allow.is_empty());
    let shell = ShellConfig {
        timeout: Duration::from_secs(120),
        cpu: Duration::from_secs(120),
        memory_bytes: 2048 * MIB,
        processes: 128,
        file_size_bytes: 256 * MIB,
        disk_bytes: 1024 * MIB,
    };
    assert_eq!(config.tools.shell, shell);
    assert_eq!(config.tools.http.timeout, Duration::from_secs(30));
    assert_eq!(config.tools.http.max_bytes, 5 * MIB);
    for text in [
        "tools: {}",
        "tools: {shell: {}, http: {}}",
        "sandbox:",
        "tools:",
    ] {
        assert_eq!(parse(text).unwrap(), config, "of {text:?}");
    }
}

#[test]
fn a_full_section_is_read() {
    let text = "tools: {disable: [run_shell, edit_file], shell: {timeout: 90s, cpu: 2h, memory_mb: 64, processes: 1, file_size_mb: 1, disk_mb: 1048576}, http: {allow: [Example.COM, 'localhost:8080', 127.0.0.1, '[0:0::1]', '[::1]:443'], timeout: 1s, max_mb: 100}}";
    let config = parse(text).unwrap();
    assert_eq!(disabled(&config), ["edit_file", "run_shell"]);
    let shell = ShellConfig {
        timeout: Duration::from_secs(90),
        cpu: Duration::from_secs(7200),
        memory_bytes: 64 * MIB,
        processes: 1,
        file_size_bytes: MIB,
        disk_bytes: MIB * MIB,
    };
    assert_eq!(config.tools.shell, shell);
    let http = HttpConfig {
        allow: vec![
            host("example.com", None),
            host("localhost", Some(8080)),
            host("127.0.0.1", None),
            host("[::1]", None),
            host("[::1]", Some(443)),
        ],
        timeout: Duration::from_secs(1),
        max_bytes: 100 * MIB,
    };
    assert_eq!(config.tools.http, http);
    let all = format!("tools: {{disable: [{}]}}", TOOLS.join(", "));
    assert_eq!(parse(&all).unwrap().tools.disable.len(), TOOLS.len());
}

#[test]
fn a_sandbox_is_one_of_four_words() {
    for (written, sandbox) in [
        ("auto", SandboxConfig::Auto),
        ("bubblewrap", SandboxConfig::Bubblewrap),
        ("landlock", SandboxConfig::Landlock),
        ("off", SandboxConfig::Off),
        ("'off'", SandboxConfig::Off),
        ("false", SandboxConfig::Off),
    ] {
        let config = parse(&format!("sandbox: {written}")).unwrap();
        assert_eq!(config.sandbox, sandbox, "of {written}");
    }
}

#[test]
fn a_project_takes_further_tools_away() {
    let vault = parse("tools: {disable: [http_get]}\nsandbox: landlock").unwrap();
    let own = project("objective: x\ntools: {disable: [run_shell, http_get]}").unwrap();
    let config = vault.for_project(&own).unwrap();
    assert_eq!(disabled(&config), ["http_get", "run_shell"]);
    assert_eq!(config.sandbox, SandboxConfig::Landlock);
    assert_eq!(config.tools.shell, vault.tools.shell);
    assert_eq!(disabled(&vault), ["http_get"]);
    for text in ["objective: x", "objective: x\ntools: {}"] {
        let config = vault.for_project(&project(text).unwrap()).unwrap();
        assert_eq!(config, vault);
    }
    for (text, expected) in [
        (
            "sandbox: off",
            r#"sandbox: unknown key; the nearest known one is "folders""#,
        ),
        (
            "tools: {shell: {timeout: 1m}}",
            r#"tools.shell: unknown key; the nearest known one is "disable""#,
        ),
        (
            "tools: {disable: [shell]}",
            r#"tools.disable[0]: "shell" is none of list_files, read_file, write_file, edit_file, search_files, run_shell, http_get; the nearest is "run_shell""#,
        ),
    ] {
        let fault = project(&format!("objective: x\n{text}")).unwrap_err();
        assert_eq!(
            fault.to_string(),
            format!("ess/project.yaml: {expected}"),
            "of {text:?}"
        );
    }
}

#[test]
fn faults_of_sandbox_and_tools_say_what_to_write() {
    for (text, expected) in [
        (
            "sandbox: true",
            "sandbox: expected auto, bubblewrap, landlock or off, found true",
        ),
        (
            "sandbox: bwrap",
            r#"sandbox: "bwrap" is none of auto, bubblewrap, landlock, off; the nearest is "auto""#,
        ),
        (
            "tools: [run_shell]",
            "tools: expected a mapping, found a list",
        ),
        (
            "tools: {disabled: [run_shell]}",
            r#"tools.disabled: unknown key; the nearest known one is "disable""#,
        ),
        (
            "tools: {disable: run_shell}",
            r#"tools.disable: expected a list with at least one entry, found "run_shell""#,
        ),
        (
            "tools: {disable: [runshell]}",
            r#"tools.disable[0]: "runshell" is none of list_files, read_file, write_file, edit_file, search_files, run_shell, http_get; the nearest is "run_shell""#,
        ),
        (
            "tools: {disable: [http_get, http_get]}",
            r#"tools.disable[1]: "http_get" stands here twice"#,
        ),
        (
            "tools: {shell: {memory: 1}}",
            r#"tools.shell.memory: unknown key; the nearest known one is "memory_mb""#,
        ),
        (
            "tools: {shell: {timeout: 120}}",
            "tools.shell.timeout: 120 is not a duration; write e.g. 600s, 10m or 1h",
        ),
        (
            "tools: {shell: {timeout: 999ms}}",
            r#"tools.shell.timeout: "999ms" is too short; write at least 1s"#,
        ),
        (
            "tools: {shell: {timeout: 61m}}",
            r#"tools.shell.timeout: "61m" is too long; write at most 1h"#,
        ),
        (
            "tools: {shell: {cpu: 25h}}",
            r#"tools.shell.cpu: "25h" is too long; write at most 24h"#,
        ),
        (
            "tools: {shell: {memory_mb: 63}}",
            "tools.shell.memory_mb: expected a whole number from 64 to 1048576, found 63",
        ),
        (
            "tools: {shell: {processes: 0}}",
            "tools.shell.processes: expected a whole number from 1 to 4096, found 0",
        ),
        (
            "tools: {shell: {file_size_mb: 0}}",
            "tools.shell.file_size_mb: expected a whole number from 1 to 1048576, found 0",
        ),
        (
            "tools: {shell: {disk_mb: 1048577}}",
            "tools.shell.disk_mb: expected a whole number from 1 to 1048576, found 1048577",
        ),
        (
            "tools: {http: {max_mb: 101}}",
            "tools.http.max_mb: expected a whole number from 1 to 100, found 101",
        ),
        (
            "tools: {http: {timeout: 11m}}",
            r#"tools.http.timeout: "11m" is too long; write at most 10m"#,
        ),
        (
            "tools: {http: {allow: []}}",
            "tools.http.allow: expected a list with at least one entry, found an empty list",
        ),
        (
            "tools: {http: {allow: [a.org, A.org]}}",
            r#"tools.http.allow[1]: "A.org" stands here twice"#,
        ),
        (
            "tools: {http: {allow: [8080]}}",
            "tools.http.allow[0]: expected text, found 8080",
        ),
    ] {
        assert_eq!(
            faults(text),
            format!("modulatio.yaml: {expected}"),
            "of {text:?}"
        );
    }
}

#[test]
fn what_is_no_host_is_not_allowed() {
    let long = "a".repeat(64);
    for written in [
        "https://example.com",
        "example.com/path",
        "*.example.com",
        "example.com:",
        "example.com:0",
        "example.com:+80",
        "example.com:65536",
        "example.com:https",
        "a:80:80",
        ":80",
        "example..com",
        "example.com.",
        "-a.org",
        "bücher.de",
        "a b",
        "::1",
        "[::1",
        "[::g]",
        &long,
    ] {
        let text = format!("tools: {{http: {{allow: ['{written}']}}}}");
        let fault = faults(&text);
        assert!(
            fault.starts_with("modulatio.yaml: tools.http.allow[0]: ")
                && fault.ends_with(
                    " is not a host; write e.g. api.example.com or api.example.com:8443"
                ),
            "of {written:?}: {fault}"
        );
    }
    let secret = faults("tools: {http: {allow: ['user:pass@example.com']}}");
    assert!(!secret.contains("pass"), "{secret}");
}
