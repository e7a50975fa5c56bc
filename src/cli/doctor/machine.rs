//! The machine: file watcher, clock, sandbox.

use projections::time::Timestamp;

use super::{check::Check, ground::Ground, words::span};
use crate::{
    config::{Config, SandboxConfig},
    daemon,
    toolbox::sandbox::How,
    vault::watch::{self, Limit},
};

/// Clocks that differ by less agree.
const AGREES_MICROS: i64 = 2_000_000;
/// A provider's date has whole seconds and came a long way.
const AGREES_WITH_SERVERS: u64 = 60;

const LIMITS: &str = "/proc/sys/fs/inotify";

/// Can everything be watched that a daemon watches?
pub(super) fn watcher(ground: &Ground) -> Vec<Check> {
    let id = "inotify";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let limit = |name: &str| {
        let text = std::fs::read_to_string(format!("{LIMITS}/{name}")).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let (watches, instances) = (limit("max_user_watches"), limit("max_user_instances"));
    let limits = match (watches, instances) {
        (Some(watches), Some(instances)) => {
            format!(" (limits of this user: {watches} directories, {instances} watchers)")
        }
        _ => String::new(),
    };
    vec![match watch::try_out(&found.vault) {
        Ok(watched) => {
            let what = if watched == 1 {
                "directory"
            } else {
                "directories"
            };
            Check::ok(id, format!("{watched} {what} can be watched{limits}"))
        }
        Err(Limit::Watches) => Check::warn(
            id,
            format!(
                "the limit of watched directories is reached{limits}: changes are seen at ticks only"
            ),
            raise("max_user_watches", watches, 524_288),
        ),
        Err(Limit::Instances) => Check::warn(
            id,
            format!("the limit of watchers is reached{limits}: changes are seen at ticks only"),
            raise("max_user_instances", instances, 1_024),
        ),
        Err(Limit::Other(why)) => Check::warn(
            id,
            format!("the vault cannot be watched: {why}; changes are seen at ticks only"),
            format!(
                "{} daemon --tick-seconds 5 sees them sooner",
                ground.program
            ),
        ),
    }]
}

/// Raises a limit now and at every start of the machine.
fn raise(name: &str, now: Option<u64>, to: u64) -> String {
    let to = to.max(2 * now.unwrap_or(0));
    format!(
        "echo fs.inotify.{name}={to} | sudo tee /etc/sysctl.d/60-modulatio.conf && sudo sysctl --system"
    )
}

/// Does this machine's clock agree with the journals, the disk and the providers?
pub(super) fn clock(ground: &Ground) -> Vec<Check> {
    let id = "clock";
    let mut checks: Vec<Check> = Vec::new();
    let (mut against, now) = (Vec::new(), ground.now);
    if let Some(found) = ground.vault() {
        let plans = found.plans.iter().filter_map(|plan| plan.standing.as_ref());
        let plans = plans.map(|standing| standing.newest);
        let own = found.journals.iter().filter_map(|journal| journal.newest);
        if let Some(newest) = plans.chain(own).max() {
            against.push("the journals");
            checks.extend(ahead_of(now, newest));
        }
        if let Some(ahead) = found.probed.ahead_micros {
            against.push("the disk");
            checks.extend(off_disk(ahead));
        }
    }
    let reached = ground.reached.iter().flatten();
    for (endpoint, ahead) in reached.filter_map(|r| Some((&r.endpoint, r.ahead_seconds?))) {
        if !against.contains(&"the providers") {
            against.push("the providers");
        }
        checks.extend(off_server(endpoint, ahead));
    }
    if checks.is_empty() {
        let found = match against.is_empty() {
            true => format!("it is {now}; there was nothing to compare that with"),
            false => format!("it is {now}, which agrees with {}", against.join(" and ")),
        };
        checks.push(Check::ok(id, found));
    }
    checks
}

const SET: &str = "timedatectl; sudo timedatectl set-ntp true";

fn ahead_of(now: Timestamp, newest: Timestamp) -> Option<Check> {
    let micros = newest.micros_since(now);
    (micros > AGREES_MICROS.unsigned_abs()).then(|| {
        let found = format!(
            "the newest frame of a journal is of {newest}, {} ahead of this machine's clock: it was set back, or the other was wrong",
            span(micros / 1_000_000)
        );
        Check::warn("clock", found, format!("{SET}; the plans' time goes on from that frame either way"))
    })
}

fn off_disk(ahead: i64) -> Option<Check> {
    (ahead.abs() > AGREES_MICROS).then(|| {
        let found = format!(
            "the file system's clock is {} this machine's",
            off(ahead / 1_000_000)
        );
        Check::warn(
            "clock",
            found,
            format!("{SET}, here and on the machine that serves the disk"),
        )
    })
}

fn off_server(endpoint: &str, ahead: i64) -> Option<Check> {
    (ahead.unsigned_abs() > AGREES_WITH_SERVERS).then(|| {
        let found = format!("the clock of {endpoint} is {} this machine's", off(ahead));
        Check::warn("clock", found, SET)
    })
}

fn off(seconds: i64) -> String {
    let by = span(seconds.unsigned_abs());
    match seconds {
        ..0 => format!("{by} behind"),
        0.. => format!("{by} ahead of"),
    }
}

/// Can commands of agents be confined?
pub(super) fn sandbox(ground: &Ground) -> Vec<Check> {
    let default = Config::default();
    let config = ground.vault().and_then(|found| found.config.as_ref().ok());
    let config = config.unwrap_or(&default);
    if config.tools.disable.contains("run_shell") {
        return vec![Check::ok(
            "sandbox",
            "run_shell is disabled in modulatio.yaml; none is needed",
        )];
    }
    vec![judged(config.sandbox, daemon::find_sandbox(config))]
}

fn judged(wish: SandboxConfig, found: Result<How, String>) -> Check {
    let id = "sandbox";
    match found {
        Ok(How::Bubblewrap(program)) => Check::ok(
            id,
            format!("a command ran in bubblewrap ({})", program.display()),
        ),
        Ok(How::Landlock) if wish == SandboxConfig::Auto => Check::ok(
            id,
            "a command ran under Landlock; bubblewrap, which confines it more closely, is not installed or does not work here",
        ),
        Ok(How::Landlock) => Check::ok(id, "a command ran under Landlock"),
        Ok(How::Off) => Check::ok(
            id,
            "commands of agents run unconfined, because modulatio.yaml says `sandbox: off`",
        ),
        Err(why) => Check::warn(
            id,
            format!("run_shell is not offered to agents: {why}"),
            mend(&why, setting),
        ),
    }
}

fn setting(path: &str) -> Option<String> {
    std::fs::read_to_string(path)
        .ok()
        .map(|text| text.trim().to_owned())
}

/// What lets bubblewrap work: it is missing, or the kernel is told to refuse it.
fn mend(why: &str, setting: impl Fn(&str) -> Option<String>) -> String {
    let refuses = |path: &str, value: &str| setting(path).is_some_and(|set| set == value);
    if why.contains("not installed") {
        return "sudo apt install bubblewrap (or what your system calls it)".to_owned();
    }
    if why.contains("temporary directory") {
        return "export TMPDIR=DIR, a directory that you may write to".to_owned();
    }
    let switches = [
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ),
        (
            "kernel/unprivileged_userns_clone",
            "0",
            "kernel.unprivileged_userns_clone=1",
        ),
        (
            "user/max_user_namespaces",
            "0",
            "user.max_user_namespaces=15000",
        ),
    ];
    let shut = switches
        .iter()
        .find(|(path, value, _)| refuses(&format!("/proc/sys/{path}"), value));
    match shut {
        Some((_, _, open)) => format!("sudo sysctl -w {open} (and the same in /etc/sysctl.d/60-modulatio.conf)"),
        None => "let this user make namespaces (bwrap --unshare-all --ro-bind / / true must work), or write tools: {disable: [run_shell]} into modulatio.yaml".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::check::Level, *};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_journal_from_the_future_is_told_and_one_of_now_is_not() {
        assert!(ahead_of(at(100), at(102)).is_none());
        let check = ahead_of(at(100), at(3_700)).unwrap();
        assert_eq!(check.level, Level::Warn);
        assert!(check.found.contains("60 min ahead"), "{}", check.found);
    }

    #[test]
    fn a_server_may_be_a_minute_off_and_a_disk_two_seconds() {
        assert!(off_server("e", 60).is_none() && off_server("e", -60).is_none());
        assert!(off_server("e", 61).unwrap().found.contains("61 s ahead of"));
        assert!(
            off_server("e", -7_300)
                .unwrap()
                .found
                .contains("2 h behind")
        );
        assert!(off_disk(2_000_000).is_none());
        assert!(off_disk(-2_000_001).is_some());
    }

    #[test]
    fn a_sandbox_that_is_missing_is_installed_and_one_that_is_shut_is_opened() {
        let nothing = |_: &str| None;
        assert!(mend("bwrap is not installed (…)", nothing).contains("apt install bubblewrap"));
        assert!(mend("bwrap does not work here", nothing).contains("disable: [run_shell]"));
        let shut = |path: &str| {
            path.ends_with("max_user_namespaces")
                .then(|| "0".to_owned())
        };
        assert!(mend("bwrap does not work here", shut).contains("user.max_user_namespaces=15000"));
        let open = |path: &str| {
            path.ends_with("max_user_namespaces")
                .then(|| "1".to_owned())
        };
        assert!(mend("bwrap does not work here", open).contains("must work"));
    }

    #[test]
    fn every_outcome_of_the_search_for_a_sandbox_has_its_line() {
        let auto = SandboxConfig::Auto;
        let level = |found| judged(auto, found).level;
        assert_eq!(
            level(Ok(How::Bubblewrap("/usr/bin/bwrap".into()))),
            Level::Ok
        );
        assert_eq!(level(Ok(How::Off)), Level::Ok);
        assert_eq!(level(Err("no".into())), Level::Warn);
        assert!(
            judged(auto, Ok(How::Landlock))
                .found
                .contains("not installed")
        );
        assert!(
            !judged(SandboxConfig::Landlock, Ok(How::Landlock))
                .found
                .contains("not installed")
        );
    }

    #[test]
    fn a_limit_is_raised_above_what_it_is() {
        assert!(raise("max_user_watches", Some(8_192), 524_288).contains("=524288 "));
        assert!(raise("max_user_watches", Some(1 << 20), 524_288).contains("=2097152 "));
    }
}
