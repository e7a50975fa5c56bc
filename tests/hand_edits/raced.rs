//! Saves that meet the daemon's own renderings: a plan at work is rendered again and again while an operator saves.

use std::{fs, io::Write, path::Path, time::Duration};

use projections::event::Event;

use crate::{
    kept,
    support::{Daemon, Lots, TestVault, body, wait_until},
    text,
};

/// How many times an operator saves, each time as often as it takes a plan to be rendered a few times more.
const SAVES: usize = 40;

type Save = fn(&Path, &str);

const WAYS: [(&str, Save); 4] = [
    ("in place", |path, text| fs::write(path, text).unwrap()),
    ("in place, with a pause in the middle", |path, text| {
        let mut file = fs::File::create(path).unwrap();
        file.write_all(&text.as_bytes()[..text.len() / 2]).unwrap();
        std::thread::sleep(Duration::from_millis(15));
        file.write_all(&text.as_bytes()[text.len() / 2..]).unwrap();
    }),
    ("renamed over", |path, text| {
        let part = path.with_file_name("part");
        fs::write(&part, text).unwrap();
        fs::rename(part, path).unwrap();
    }),
    ("renamed away and made anew", |path, text| {
        let backup = path.with_file_name("backup~");
        // It may be gone for the instant in which the daemon puts it back.
        if fs::rename(path, &backup).is_ok() {
            fs::write(path, text).unwrap();
            fs::remove_file(backup).unwrap();
        } else {
            fs::write(path, text).unwrap();
        }
    }),
];

/// How many revisions by hand set `mine:` to this.
fn revisions(vault: &TestVault, plan: &str, value: usize) -> usize {
    let line = format!("mine: {value}\n");
    let journal = vault.journal(plan);
    let of_value = |event: &&Event| match event {
        Event::PlanRevised(e) => {
            let head = e.head.iter().flat_map(|head| &head.0);
            head.filter_map(|entry| entry.own.as_deref())
                .any(|own| own == line)
        }
        _ => false,
    };
    journal.events().filter(of_value).count()
}

#[test]
fn a_save_in_the_instant_of_a_rendering_is_taken_once() {
    for (way, save) in WAYS {
        let mut lots = Lots::of("MODULATIO_TEST_RACE_SEED", 7);
        let vault = TestVault::slow("2ms");
        let plan = vault.approved(&body(30));
        let _daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
        wait_until("it executes", || {
            vault.journal(&plan).count("PlanClaimed") == 1
        });
        let path = vault.plan_file(&plan);
        for n in 1..=SAVES {
            std::thread::sleep(Duration::from_millis(lots.within(0, 25)));
            let old = text(&vault, &plan);
            let line = format!("mine: {n}\n");
            let new = match old.lines().find(|line| line.starts_with("mine: ")) {
                Some(mine) => old.replacen(&format!("{mine}\n"), &line, 1),
                None => old.replacen("\n---\n", &format!("\n{line}---\n"), 1),
            };
            save(&path, &new);
            wait_until(&format!("{way}: save {n} is taken"), || {
                revisions(&vault, &plan, n) > 0
            });
        }
        wait_until("the plan is done", || {
            vault.journal(&plan).status() == "done"
        });
        vault.follows(&plan);
        let journal = vault.journal(&plan);
        assert_eq!(journal.count("PlanRevised"), SAVES, "{way}");
        assert_eq!(journal.count("EditRejected"), 0, "{way}");
        assert_eq!(kept(&vault), [""; 0], "{way}");
        assert_eq!(journal.count("PlanClaimed"), 1, "{way}");
        assert!(
            text(&vault, &plan).contains(&format!("\nmine: {SAVES}\n")),
            "{way}"
        );
        vault.is_proven(&plan);
    }
}

/// The command line changes the plan while an operator saves: both count.
#[test]
fn a_save_beside_the_command_line_is_taken_once() {
    for (way, save) in WAYS {
        let vault = TestVault::new();
        let plan = vault.draft(&body(1));
        let _daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
        let path = vault.plan_file(&plan);
        for n in 1..=12 {
            let old = text(&vault, &plan);
            let line = format!("mine: {n}\n");
            let new = match old.lines().find(|line| line.starts_with("mine: ")) {
                Some(mine) => old.replacen(&format!("{mine}\n"), &line, 1),
                None => old.replacen("\n---\n", &format!("\n{line}---\n"), 1),
            };
            std::thread::scope(|scope| {
                let budget = format!("{}", 100_000 + n);
                let (vault, plan) = (&vault, &plan);
                scope.spawn(move || {
                    vault
                        .run(&["plan", "edit-budget", plan, "--max-tokens", &budget])
                        .ok();
                });
                save(&path, &new);
            });
            wait_until(&format!("{way}: save {n} is taken"), || {
                revisions(&vault, &plan, n) > 0
            });
        }
        vault.follows(&plan);
        let journal = vault.journal(&plan);
        assert_eq!(journal.count("PlanRevised"), 12, "{way}");
        assert_eq!(journal.count("CapsChanged"), 12, "{way}");
        assert_eq!(journal.count("EditRejected"), 0, "{way}");
        assert_eq!(journal.plan.caps.max_tokens, Some(100_012), "{way}");
        assert_eq!(kept(&vault), [""; 0], "{way}");
        vault.is_proven(&plan);
    }
}
