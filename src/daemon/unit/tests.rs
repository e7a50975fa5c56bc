use super::*;

/// A unit with this text, in the home `/home/a`.
fn unit(text: &str) -> Unit {
    Unit {
        path: PathBuf::from("/home/a/.config/systemd/user/modulatio-daemon.service"),
        is_user: true,
        is_enabled: false,
        home: Some(PathBuf::from("/home/a")),
        settings: parse(text),
    }
}

fn vault_of(text: &str) -> Option<String> {
    let vault = unit(text).vault().unwrap();
    vault.map(|path| path.display().to_string())
}

#[test]
fn the_shipped_unit_is_what_it_is_compared_with() {
    let shipped = unit(SHIPPED);
    assert_eq!(shipped.lacks(), []);
    let (program, arguments) = shipped.command().unwrap();
    assert_eq!(program, Path::new("/home/a/.local/bin/modulatio"));
    assert_eq!(arguments, ["daemon"]);
    assert_eq!(vault_of(SHIPPED).as_deref(), Some("/home/a/vault"));
    let files = shipped.environment_files().unwrap();
    assert_eq!(
        files,
        [(PathBuf::from("/home/a/.config/modulatio/env"), true)]
    );
}

#[test]
fn a_vault_is_named_by_argument_before_variable_before_directory() {
    let text = "[Service]\nWorkingDirectory=%h/work\n";
    let start = "ExecStart=-/usr/bin/modulatio daemon";
    assert_eq!(
        vault_of(&format!("{text}{start}\n")).as_deref(),
        Some("/home/a/work")
    );
    let set = format!("{text}Environment=A=1 \"MODULATIO_VAULT=/my vault\"\n");
    assert_eq!(
        vault_of(&format!("{set}{start}\n")).as_deref(),
        Some("/my vault")
    );
    for argument in ["--vault /v", "--vault=/v", "'--vault' \"/v\""] {
        assert_eq!(
            vault_of(&format!("{set}{start} {argument}\n")).as_deref(),
            Some("/v")
        );
    }
    assert_eq!(vault_of(&format!("[Service]\n{start}\n")), None);
}

#[test]
fn a_program_must_be_named_whole() {
    let command = |line: &str| unit(&format!("[Service]\n{line}\n")).command();
    assert!(command("").unwrap_err().contains("no ExecStart"));
    assert!(
        command("ExecStart=modulatio daemon")
            .unwrap_err()
            .contains("no absolute path")
    );
    assert!(
        command("ExecStart=%E/modulatio")
            .unwrap_err()
            .contains("%E")
    );
    assert_eq!(command("ExecStart=/a%%b").unwrap().0, Path::new("/a%b"));
    let joined = "ExecStart=/a/modulatio \\\n  daemon --tick-seconds 5";
    assert_eq!(
        command(joined).unwrap().1,
        ["daemon", "--tick-seconds", "5"]
    );
    let homeless = Unit {
        home: None,
        ..unit("[Service]\nExecStart=%h/modulatio\n")
    };
    assert!(homeless.command().unwrap_err().contains("HOME"));
}

#[test]
fn what_the_shipped_unit_sets_is_missed_by_section_and_what_is_set_otherwise_is_not() {
    let lacks = unit("[Service]\nExecStart=/a\nRestart=no\n").lacks();
    let sections: Vec<&str> = lacks.iter().map(|(section, _)| section.as_str()).collect();
    assert_eq!(sections, ["Unit", "Service"]);
    let service = &lacks[1].1;
    assert!(
        service.contains(&"NoNewPrivileges=true".to_owned()),
        "{service:?}"
    );
    assert!(
        !service
            .iter()
            .any(|line| line.starts_with("Restart=") || line.starts_with("ExecStart"))
    );
}

#[test]
fn a_drop_in_adds_and_an_empty_setting_in_it_forgets() {
    let dir = tempfile::tempdir().unwrap();
    let name = "modulatio-daemon.service";
    let drop_ins = dir.path().join(format!("{name}.d"));
    fs::create_dir(&drop_ins).unwrap();
    let text = "[Service]\nExecStart=/a daemon\nEnvironment=MODULATIO_VAULT=/one\n";
    fs::write(dir.path().join(name), text).unwrap();
    fs::write(
        drop_ins.join("20.conf"),
        "[Service]\nExecStart=\nExecStart=/b daemon\n",
    )
    .unwrap();
    fs::write(
        drop_ins.join("10.conf"),
        "[Service]\nEnvironment=MODULATIO_VAULT=/two\n",
    )
    .unwrap();
    fs::write(drop_ins.join("notes.txt"), "[Service]\nExecStart=/c\n").unwrap();
    let places = Places {
        home: None,
        user: vec![PathBuf::from("/nowhere"), dir.path().to_path_buf()],
        system: Vec::new(),
    };
    let units = places.units();
    assert_eq!(units.len(), 1);
    assert_eq!(units[0].command().unwrap().0, Path::new("/b"));
    assert_eq!(units[0].vault().unwrap(), Some(PathBuf::from("/two")));
}

#[test]
fn a_template_is_enabled_by_any_of_its_instances() {
    let dir = tempfile::tempdir().unwrap();
    let wants = dir.path().join("default.target.wants");
    fs::create_dir(&wants).unwrap();
    fs::write(
        dir.path().join("modulatio-daemon@.service"),
        "[Service]\nExecStart=/a\n",
    )
    .unwrap();
    let places = Places {
        system: vec![dir.path().to_path_buf()],
        ..Places::default()
    };
    let is_enabled = || places.units()[0].is_enabled;
    assert!(!is_enabled());
    fs::write(wants.join("other@1.service"), "").unwrap();
    assert!(!is_enabled());
    fs::write(wants.join("modulatio-daemon@2.service"), "").unwrap();
    assert!(is_enabled());
    assert!(!places.units()[0].is_user);
}

#[test]
fn a_variable_in_a_file_counts_after_the_units_own() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("env");
    fs::write(&file, "KEY=x\nMODULATIO_VAULT=\"/in/the/file\"\n").unwrap();
    let text = format!(
        "[Service]\nExecStart=/a\nEnvironment=MODULATIO_VAULT=/own\nEnvironmentFile=-{}\n",
        file.display()
    );
    assert_eq!(vault_of(&text).as_deref(), Some("/in/the/file"));
}

#[test]
fn a_program_that_says_no_version_or_nothing_at_all_is_of_none() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("modulatio");
    let says = |text: &str, mode: u32| {
        fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        version_of(&program)
    };
    assert_eq!(
        says("echo modulatio 1.2.3", 0o755).as_deref(),
        Some("1.2.3")
    );
    assert_eq!(says("echo hello", 0o755), None);
    assert_eq!(says("exit 1", 0o755), None);
    assert_eq!(says("echo modulatio 1.2.3", 0o757), None);
    assert_eq!(says("echo modulatio 1.2.3", 0o600), None);
    let other = dir.path().join("start.sh");
    fs::rename(&program, &other).unwrap();
    assert_eq!(version_of(&other), None);
}
