//! `sandbox:` and `tools:` — what agents may call, and what bounds their calls.

use std::{collections::BTreeSet, net::Ipv6Addr, ops::RangeInclusive, time::Duration};

use projections::yaml::Value;

use super::{
    reader::{Field, Section},
    values::{AUTO, shown},
};

/// The tools that may be disabled.
pub const TOOLS: [&str; 7] = [
    "list_files",
    "read_file",
    "write_file",
    "edit_file",
    "search_files",
    "run_shell",
    "http_get",
];

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// Bytes in what the keys call a megabyte.
const MIB: u64 = 1 << 20;

/// What confines the commands of `run_shell`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SandboxConfig {
    /// The best that works on this machine.
    #[default]
    Auto,
    /// Bubblewrap or nothing.
    Bubblewrap,
    /// Landlock or nothing.
    Landlock,
    /// No sandbox, on the operator's word.
    Off,
}

/// What agents may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolsConfig {
    /// Names of [`TOOLS`] that no agent is offered.
    pub disable: BTreeSet<String>,
    /// Bounds of `run_shell`.
    pub shell: ShellConfig,
    /// Bounds of `http_get`.
    pub http: HttpConfig,
}

/// What one command of `run_shell` may use, everything that it starts included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShellConfig {
    /// How long it may take, 1 s to 1 h.
    pub timeout: Duration,
    /// Processor time of all its processes together, 1 s to 24 h.
    pub cpu: Duration,
    /// Memory, in bytes; 64 MiB to 1 TiB.
    pub memory_bytes: u64,
    /// Processes at a time, 1 to 4096.
    pub processes: u32,
    /// Size of one file, in bytes; 1 MiB to 1 TiB.
    pub file_size_bytes: u64,
    /// Growth of the places that it may write to, in bytes; 1 MiB to 1 TiB.
    pub disk_bytes: u64,
}

impl Default for ShellConfig {
    fn default() -> Self {
        Self {
            timeout: 2 * MINUTE,
            cpu: 2 * MINUTE,
            memory_bytes: 2048 * MIB,
            processes: 128,
            file_size_bytes: 256 * MIB,
            disk_bytes: 1024 * MIB,
        }
    }
}

/// What `http_get` may fetch, besides public pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// Where it may fetch from although the address is not public, without repetition.
    pub allow: Vec<AllowedHost>,
    /// How long one call may take, 1 s to 10 min.
    pub timeout: Duration,
    /// Size of one answer, in bytes; 1 to 100 MiB.
    pub max_bytes: u64,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            timeout: 30 * SECOND,
            max_bytes: 5 * MIB,
        }
    }
}

/// A host that `http_get` may ask, itself and no other below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    /// As it stands in a URL, in lower case: a name, an address, or an address of IPv6 in brackets.
    pub host: String,
    /// The only port; `None` are those at which pages are usually served.
    pub port: Option<u16>,
}

/// Reads `sandbox:`. What YAML takes for `false` is `off`: so some write it, and so other programs read it.
pub(super) fn read_sandbox(file: &Section<'_>) -> SandboxConfig {
    let words = [
        (AUTO, SandboxConfig::Auto),
        ("bubblewrap", SandboxConfig::Bubblewrap),
        ("landlock", SandboxConfig::Landlock),
        ("off", SandboxConfig::Off),
    ];
    let sandbox = file.read("sandbox", |field| match field.value {
        Value::Bool(false) => Some(SandboxConfig::Off),
        Value::Bool(true) => field.wrong("auto, bubblewrap, landlock or off"),
        _ => field.word(&words),
    });
    sandbox.unwrap_or_default()
}

/// Reads `tools:` of `modulatio.yaml`.
pub(super) fn read_tools(file: &Section<'_>) -> ToolsConfig {
    let known = ["disable", "shell", "http"];
    let Some(section) = file.read("tools", |field| field.section(&known)) else {
        return ToolsConfig::default();
    };
    ToolsConfig {
        disable: read_disable(&section),
        shell: read_shell(&section),
        http: read_http(&section),
    }
}

/// Reads `tools:` of `project.yaml`, which can only take tools away.
pub(super) fn read_disabled(file: &Section<'_>) -> BTreeSet<String> {
    let section = file.read("tools", |field| field.section(&["disable"]));
    section.as_ref().map(read_disable).unwrap_or_default()
}

fn read_disable(section: &Section<'_>) -> BTreeSet<String> {
    let words = TOOLS.map(|name| (name, name));
    let names = section.read("disable", |field| {
        Some(distinct(field, |item| item.word(&words)))
    });
    let names = names.unwrap_or_default();
    names.into_iter().map(str::to_owned).collect()
}

fn read_shell(tools: &Section<'_>) -> ShellConfig {
    let default = ShellConfig::default();
    let known = [
        "timeout",
        "cpu",
        "memory_mb",
        "processes",
        "file_size_mb",
        "disk_mb",
    ];
    let Some(section) = tools.read("shell", |field| field.section(&known)) else {
        return default;
    };
    let time = |key, most| section.read(key, |field| field.duration_within(SECOND..=most));
    let size = |key, least| mebibytes(&section, key, least..=MIB);
    let processes = section.read("processes", |field| field.count(1..=4096));
    ShellConfig {
        timeout: time("timeout", HOUR).unwrap_or(default.timeout),
        cpu: time("cpu", 24 * HOUR).unwrap_or(default.cpu),
        memory_bytes: size("memory_mb", 64).unwrap_or(default.memory_bytes),
        processes: processes.unwrap_or(default.processes),
        file_size_bytes: size("file_size_mb", 1).unwrap_or(default.file_size_bytes),
        disk_bytes: size("disk_mb", 1).unwrap_or(default.disk_bytes),
    }
}

fn read_http(tools: &Section<'_>) -> HttpConfig {
    let default = HttpConfig::default();
    let known = ["allow", "timeout", "max_mb"];
    let Some(section) = tools.read("http", |field| field.section(&known)) else {
        return default;
    };
    let allow = section.read("allow", |field| Some(distinct(field, read_host)));
    let timeout = section.read("timeout", |field| {
        field.duration_within(SECOND..=10 * MINUTE)
    });
    HttpConfig {
        allow: allow.unwrap_or_default(),
        timeout: timeout.unwrap_or(default.timeout),
        max_bytes: mebibytes(&section, "max_mb", 1..=100).unwrap_or(default.max_bytes),
    }
}

/// A size that is written in MiB, in bytes.
fn mebibytes(section: &Section<'_>, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
    let size = section.read(key, |field| field.whole(range))?;
    Some(size * MIB)
}

/// The entries of a list, each of them once.
fn distinct<'a, T: PartialEq>(field: &Field<'a>, read: impl Fn(&Field<'a>) -> Option<T>) -> Vec<T> {
    let mut found = Vec::new();
    for item in field.items().unwrap_or_default() {
        match read(&item) {
            Some(entry) if found.contains(&entry) => {
                item.fault(format!("{} stands here twice", shown(item.value)));
            }
            entry => found.extend(entry),
        }
    }
    found
}

fn read_host(field: &Field<'_>) -> Option<AllowedHost> {
    let host = allowed_host(field.text()?);
    if host.is_none() {
        let value = shown(field.value);
        field.fault(format!(
            "{value} is not a host; write e.g. api.example.com or api.example.com:8443"
        ));
    }
    host
}

fn allowed_host(text: &str) -> Option<AllowedHost> {
    let text = text.to_ascii_lowercase();
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, Some(port)),
        _ => (text.as_str(), None),
    };
    let port = match port {
        Some(port) => Some(written_port(port)?),
        None => None,
    };
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let host = match inner {
        Some(address) => format!("[{}]", address.parse::<Ipv6Addr>().ok()?),
        None => is_host(host).then(|| host.to_owned())?,
    };
    Some(AllowedHost { host, port })
}

/// Digits only: `parse` alone would take a sign.
fn written_port(text: &str) -> Option<u16> {
    let is_number = text.chars().all(|c| c.is_ascii_digit());
    let port = text.parse().ok().filter(|port| *port > 0);
    port.filter(|_| is_number)
}

/// Labels divided by points, as in a name or an address of IPv4.
fn is_host(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(is_allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}
