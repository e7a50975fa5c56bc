//! Who does a task that the planner gave to nobody: the choice itself is a fact of the journal, and made there
//! ([`projections::memory::choose`]); here is what it is made of.

use projections::{
    memory::{RouteRule, Standing, Store, choose},
    plan::{Run, Task, TaskStage},
    work::{Step, TaskKind},
};

use super::{
    lookup::{LookedUp, Lookup, Reading},
    recall::thousandths,
};
use crate::{
    command::Report,
    config::{ArtifactKind, Producer},
    daemon::execute::Runner,
    effect,
    error::Result,
    memory::{Found, Wanted},
    prompts,
};

/// So many of a producer's most similar verdicts are its history.
const HISTORY: usize = 10;

/// Less similar work is no history of this one.
const LEAST_LIKE: f32 = 0.2;

/// How like a task is to what producers are good at and did, in their order: likeness to the description, share of
/// such work that passed.
pub(in crate::daemon) struct Likeness {
    of: Vec<(String, u16, Option<u16>)>,
    embedder: String,
}

/// A producer as the router knows it.
#[derive(Clone, Debug)]
pub(in crate::daemon) struct Routable {
    pub(in crate::daemon) name: String,
    good_at: String,
    kinds: Vec<TaskKind>,
}

impl Routable {
    pub(in crate::daemon) fn of(producer: &Producer) -> Self {
        let kind = |kind: &ArtifactKind| match kind {
            ArtifactKind::Document => TaskKind::Document,
            ArtifactKind::Code => TaskKind::Code,
            ArtifactKind::Data => TaskKind::Data,
            ArtifactKind::Research => TaskKind::Research,
        };
        Self {
            name: producer.name.clone(),
            good_at: producer.good_at.clone(),
            kinds: producer.kinds.iter().map(kind).collect(),
        }
    }

    fn takes(&self, kind: TaskKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

impl Runner<'_> {
    /// Whether the task of `step` has its producer. If not, it is chosen, or what that takes is being looked up, and
    /// what is due is to be looked at again.
    pub(super) fn is_routed(&mut self, step: &Step) -> Result<bool> {
        let Step::Produce { task, .. } = step else {
            return Ok(true);
        };
        if self.team.routables().len() < 2 || !effect::is_unrouted(self.log.plan(), task) {
            return Ok(true);
        }
        let label = step.label();
        let likeness = match self.lookups.get(&label) {
            Some(Lookup::UnderWay) => return Ok(false),
            Some(Lookup::Done(LookedUp::Compared(likeness))) => Some(likeness),
            Some(Lookup::Done(_)) | None => None,
        };
        let among = self.standings(task, likeness);
        let needs_likeness = matches!(
            choose(&among),
            Some((_, RouteRule::Similarity | RouteRule::Order))
        );
        if needs_likeness && !self.lookups.contains_key(&label) {
            self.compare(label, task);
            return Ok(false);
        }
        let embedder = likeness.map(|likeness| likeness.embedder.clone());
        self.lookups.remove(&label);
        self.report(Report::Routing {
            task: task.clone(),
            among,
            embedder,
        })?;
        Ok(false)
    }

    /// How producers stand now; loads change while others are compared.
    fn standings(
        &self,
        id: &projections::ids::TaskId,
        likeness: Option<&Likeness>,
    ) -> Vec<Standing> {
        let run = self.log.plan().run.as_ref();
        let kind = run.and_then(|run| run.task(id)).map(|task| task.spec.kind);
        let standing = |producer: &Routable| {
            let known = likeness.and_then(|likeness| {
                let mut all = likeness.of.iter();
                all.find(|(name, ..)| *name == producer.name)
            });
            Standing {
                producer: producer.name.clone(),
                capable: kind.is_none_or(|kind| producer.takes(kind)),
                load: run.map_or(0, |run| load(run, &producer.name)),
                described: known.map(|(_, described, _)| *described),
                history: known.and_then(|(_, _, history)| *history),
            }
        };
        self.team.routables().iter().map(standing).collect()
    }

    fn compare(&mut self, label: String, id: &projections::ids::TaskId) {
        let run = self.log.plan().run.as_ref();
        let Some(task) = run.and_then(|run| run.task(id)) else {
            return;
        };
        let (query, kind) = (prompts::about(task), task.spec.kind);
        let producers = self.team.routables().to_vec();
        self.look_up(label, move |reading| {
            compared(reading, &query, kind, &producers)
                .map_or(LookedUp::Nothing, LookedUp::Compared)
        });
    }
}

/// Tasks that a producer has and has not finished.
fn load(run: &Run, producer: &str) -> u32 {
    let works = |task: &&Task| {
        let ended = matches!(task.stage, TaskStage::Passed | TaskStage::Blocked { .. });
        task.producer() == Some(producer) && !ended
    };
    u32::try_from(run.tasks.iter().filter(works).count()).unwrap_or(u32::MAX)
}

fn compared(
    reading: &Reading,
    query: &str,
    kind: TaskKind,
    producers: &[Routable],
) -> Option<Likeness> {
    let embedder = reading.embedder();
    let cards: Vec<(&str, &str)> = producers
        .iter()
        .map(|producer| (producer.name.as_str(), producer.good_at.as_str()))
        .collect();
    let described = reading.memory.cards(&reading.project).similarities(
        &*embedder,
        query,
        &cards,
        reading.cut(),
    );
    let described = reading.had(described)?;
    let shelf = reading.memory.shelf(&reading.project, Store::QcHistory);
    let mut of = Vec::new();
    for (producer, described) in producers.iter().zip(described) {
        let wanted = Wanted {
            kind: Some(kind),
            agent: Some(&producer.name),
            most: HISTORY,
            at_least: LEAST_LIKE,
            except: None,
        };
        // The folder is looked at once, not for each producer.
        let found = match of.is_empty() {
            true => shelf.search(&*embedder, query, &wanted, &reading.effort()),
            false => shelf.search_again(&*embedder, query, &wanted, &reading.effort()),
        };
        let found = found.ok();
        if let Some(found) = &found {
            reading.tell(found);
        }
        // Who says nothing of what they are good at is like nothing.
        let described = match producer.good_at.trim() {
            "" => 0,
            _ => thousandths(described),
        };
        let history = found.as_ref().and_then(history);
        of.push((producer.name.clone(), described, history));
    }
    Some(Likeness {
        of,
        embedder: embedder.id().to_owned(),
    })
}

/// The share of a producer's similar work that passed, each weighed by its similarity.
fn history(found: &Found) -> Option<u16> {
    let (mut all, mut passed) = (0.0, 0.0);
    for hit in &found.hits {
        all += hit.score;
        if hit.entry.passed == Some(true) {
            passed += hit.score;
        }
    }
    (all > 0.0).then(|| thousandths(passed / all))
}
