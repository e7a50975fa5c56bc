//! What the model takes in memory, at its worst: measured in a process that does nothing else.

use std::{fs, path::Path, time::Duration};

use modulatio::memory::{Engine, Settings};

use crate::{
    child,
    ground::{dense, ground, tell},
};

/// Most that the process may ever have had in memory, MB.
const MOST: u64 = 200;

#[test]
fn a_process_that_embeds_stays_below_200_mb_at_its_worst() {
    let test = "a_process_that_embeds_stays_below_200_mb_at_its_worst";
    let Some(ground) = ground(test) else { return };
    let output = child::run(
        "memory::works",
        &[
            ("CHILD_CACHE", Path::new("/nonexistent")),
            ("CHILD_MODEL", &ground.model),
            ("CHILD_LIBRARY", &ground.library),
        ],
    );
    let peak: u64 = child::said(&output, "peak")[0].parse().unwrap();
    let stages = child::said(&output, "stage");
    tell(&format!("MiniLM: at most {peak} MB; {}", stages.join(", ")));
    assert!(peak < MOST, "{peak} MB");
}

#[test]
#[ignore = "a process that another test starts"]
fn works() {
    let Some(settings) = child::settings() else {
        return;
    };
    let engine = Engine::new(Settings {
        idle_unload: Duration::ZERO,
        ..settings
    });
    println!("\nstage=at the start {} MB", megabytes("VmRSS"));
    let texts: Vec<String> = (0..32).map(long_text).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let short: Vec<&str> = texts
        .iter()
        .map(|text| &text[..40 + text.len() % 90])
        .collect();
    for round in 1..=3 {
        let now = engine.now();
        assert_eq!(now.instead, None);
        println!("stage=loaded {} MB", megabytes("VmRSS"));
        // One at a time as for tasks, and many as for an index.
        short
            .iter()
            .for_each(|text| drop(dense(now.embedder.as_ref(), &[text])));
        dense(now.embedder.as_ref(), &short);
        dense(now.embedder.as_ref(), &texts);
        println!("stage=after round {round} {} MB", megabytes("VmRSS"));
        drop(now);
        assert!(engine.sweep());
        println!("stage=dropped {} MB", megabytes("VmRSS"));
    }
    println!("peak={}", megabytes("VmHWM"));
}

/// As long as the texts of an index are, and longer than what the model reads.
fn long_text(number: usize) -> String {
    let sentence = |n: usize| {
        format!(
            "Finding {n} of report {number}: the margin of {} is off. ",
            n * 37 % 101
        )
    };
    let mut text: String = (0..100).map(sentence).collect();
    text.truncate(4_000);
    text
}

/// A line of what the kernel says of this process.
fn megabytes(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("what the kernel says");
    let line = status.lines().find(|line| line.starts_with(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    number.expect("a number of kilobytes") / 1024
}
