//! The sections that are not about models and team.

use super::{Scope, Settings, Source, dollars, list, maybe};
use crate::config::{
    AllowedHost, BreakerConfig, Caps, Config, RetryConfig, SandboxConfig, ToolsConfig, values::span,
};

const MIB: u64 = 1 << 20;

impl Settings {
    pub(super) fn sections(&mut self, config: &Config) {
        self.caps(&config.defaults);
        let seconds = config.daemon.tick.as_secs();
        self.of_vault("daemon.tick_seconds", seconds);
        self.retry(&config.retry);
        self.breaker(&config.breaker);
        self.of_vault("context.warn_percent", config.context.warn_percent);
        self.of_vault("context.compress_percent", config.context.compress_percent);
        let cost = config.daily.max_cost_micro_usd.map(dollars);
        self.of_vault("daily.max_cost_usd", maybe(cost));
        self.of_vault("daily.max_tokens", maybe(config.daily.max_tokens));
        self.of_vault("sandbox", sandbox(config.sandbox));
        self.tools(&config.tools);
        self.embedder(&config.embedder);
        self.memory(config.memory);
    }

    fn of_vault(&mut self, field: &str, value: impl Into<projections::yaml::Value>) {
        self.note(Scope::Vault, field, value, Source::Default);
    }

    fn caps(&mut self, caps: &Caps) {
        let cost = caps.max_cost_micro_usd.map(dollars);
        for (key, value) in [
            ("max_cost_usd", maybe(cost)),
            ("max_tokens", maybe(caps.max_tokens)),
            ("max_wall_clock_min", maybe(caps.max_wall_clock_min)),
            ("max_parallel_tasks", caps.max_parallel_tasks.into()),
            ("max_tasks", caps.max_tasks.into()),
            ("max_iters", caps.max_iters.into()),
            ("max_redos", caps.max_redos.into()),
            ("budget_warn_percent", caps.budget_warn_percent.into()),
        ] {
            let field = format!("defaults.{key}");
            self.note(Scope::Either, &field, value, Source::Default);
        }
    }

    /// A longest pause that nobody writes follows a longer shortest one.
    fn retry(&mut self, retry: &RetryConfig) {
        let default = RetryConfig::default();
        self.of_vault("retry.base", span(retry.base));
        let unless = match retry.max == default.max {
            true => Source::Default,
            false => Source::Follows("retry.base"),
        };
        self.note(Scope::Vault, "retry.max", span(retry.max), unless);
        self.of_vault("retry.wall", span(retry.wall));
        self.of_vault("retry.malformed", retry.malformed);
    }

    fn breaker(&mut self, breaker: &BreakerConfig) {
        let default = BreakerConfig::default();
        self.of_vault("breaker.failures", breaker.failures);
        self.of_vault("breaker.open", span(breaker.open));
        let unless = match breaker.max_open == default.max_open {
            true => Source::Default,
            false => Source::Follows("breaker.open"),
        };
        let longest = span(breaker.max_open);
        self.note(Scope::Vault, "breaker.max_open", longest, unless);
    }

    fn tools(&mut self, tools: &ToolsConfig) {
        self.disabled(tools);
        let shell = &tools.shell;
        for (key, value) in [
            ("timeout", span(shell.timeout).into()),
            ("cpu", span(shell.cpu).into()),
            ("memory_mb", (shell.memory_bytes / MIB).into()),
            ("processes", shell.processes.into()),
            ("file_size_mb", (shell.file_size_bytes / MIB).into()),
            ("disk_mb", (shell.disk_bytes / MIB).into()),
        ] {
            let value: projections::yaml::Value = value;
            self.of_vault(&format!("tools.shell.{key}"), value);
        }
        let http = &tools.http;
        self.of_vault("tools.http.allow", list(http.allow.iter().map(host)));
        self.of_vault("tools.http.timeout", span(http.timeout));
        self.of_vault("tools.http.max_mb", http.max_bytes / MIB);
    }

    /// What either file disables is disabled.
    fn disabled(&mut self, tools: &ToolsConfig) {
        let field = "tools.disable";
        let places = [self.vault.place(field), self.written_by_project(field)];
        let places: Vec<_> = places.into_iter().flatten().collect();
        let source = match places.is_empty() {
            true => Source::Default,
            false => Source::Written(places),
        };
        let names = list(tools.disable.iter().map(String::as_str));
        self.push(field, names, source, None);
    }
}

fn sandbox(sandbox: SandboxConfig) -> &'static str {
    match sandbox {
        SandboxConfig::Auto => "auto",
        SandboxConfig::Bubblewrap => "bubblewrap",
        SandboxConfig::Landlock => "landlock",
        SandboxConfig::Off => "off",
    }
}

fn host(allowed: &AllowedHost) -> String {
    match allowed.port {
        Some(port) => format!("{}:{port}", allowed.host),
        None => allowed.host.clone(),
    }
}
