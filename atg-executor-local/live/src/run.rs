//! Everything at once: the lists of all collectors, each in its lane.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use atg_azure::transport::Transport;
use atg_sdk::ErrorKind;
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinSet},
};

use crate::{
    collector::{Collector, Found, Part},
    collectors::{self, Hierarchy, Resources},
    feed::{Basis, changed_name},
    ground::Ground,
    listing::{Lane, Listing},
    page::{Page, Source},
    reader::{Head, Progress, Reader, Shortfall, hash},
    unit::{UnitEnd, UnitKey, UnitState},
};

/// How many lists of one lane are read at the same time. Resource Graph gives three pages a second, whoever asks; in a
/// subscription it is 25 calls, and the first 250 at once.
pub(crate) const fn side_by_side(lane: &Lane) -> usize {
    match lane {
        Lane::ResourceGraph => 8,
        Lane::Subscription(_) | Lane::Tenant | Lane::MicrosoftGraph => 24,
    }
}

/// Pages that wait to be taken.
const AHEAD: usize = 8;
/// How often a list is read again after what may pass.
const ROUNDS: u32 = 4;

/// What a run hands out.
#[derive(Debug)]
pub enum Event {
    /// Objects.
    Page(Page),
    /// What became of a unit: all of them, after the last page.
    Unit(UnitEnd),
}

/// What is going to be read.
pub struct Plan {
    collectors: Arc<[Arc<dyn Collector>]>,
    ground: Arc<Ground>,
    engine: Engine,
    followers: Arc<Followers>,
    inbox: mpsc::UnboundedReceiver<Message>,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("collectors", &self.collectors)
            .finish_non_exhaustive()
    }
}

impl Plan {
    /// What a scan reads that goes by that.
    #[must_use]
    pub fn by(basis: &Basis, ground: Ground) -> Self {
        Self::build(collectors::by(basis), ground, !basis.carried.is_empty())
    }

    /// The lists that those collectors begin with, as far as the parts they belong to are wanted.
    #[must_use]
    pub fn new(collectors: Vec<Arc<dyn Collector>>, ground: Ground) -> Self {
        Self::build(collectors, ground, false)
    }

    /// `carries_over`: what is read anew of the hierarchy is no reason to read what hangs on it.
    fn build(collectors: Vec<Arc<dyn Collector>>, ground: Ground, carries_over: bool) -> Self {
        let wanted = |collector: &Arc<dyn Collector>| match collector.declaration().part {
            Part::Inventory => true,
            Part::Authorization => !ground.wanted.without_authorization,
            Part::Directory => !ground.wanted.without_directory,
        };
        let collectors: Arc<[_]> = collectors.into_iter().filter(wanted).collect();
        let ground = Arc::new(ground);
        let (sender, inbox) = mpsc::unbounded_channel();
        let mut followers = Followers::new(&collectors, &ground, sender);
        followers.deaf_to = carries_over.then_some(Hierarchy::NAME);
        let mut engine = Engine::new(&collectors);
        for (index, collector) in collectors.iter().enumerate() {
            for listing in collector.begin(&ground) {
                engine.add(index, listing);
            }
        }
        Self {
            collectors,
            ground,
            engine,
            followers: Arc::new(followers),
            inbox,
        }
    }

    /// The collectors that take part.
    #[must_use]
    pub fn collectors(&self) -> &[Arc<dyn Collector>] {
        &self.collectors
    }

    /// The lists that it begins with.
    pub(crate) fn listings(&self) -> impl Iterator<Item = (&Arc<dyn Collector>, &Listing)> {
        let waiting = self.engine.lanes.values().flatten();
        waiting.filter_map(|own| Some((self.collectors.get(own.collector)?, &own.listing)))
    }

    /// The lists that are read because of a resource.
    pub(crate) fn followed_by(&self, found: &Found<'_>) -> Vec<Listing> {
        let follow = self.followers.follow(found);
        follow.into_iter().map(|(_, listing)| listing).collect()
    }

    /// What was known before.
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// The types, in lower case, of resources of the table `resources` in which something lies that has to be asked for.
    #[must_use]
    pub fn followed(&self) -> Vec<String> {
        let listed: HashSet<&str> = self
            .collectors
            .iter()
            .flat_map(|own| &own.declaration().lists_all)
            .map(|own| &**own)
            .collect();
        let mut followed: Vec<String> = self
            .followers
            .by_type
            .keys()
            // What another list shows is known when that has been read.
            .filter(|own| !listed.contains(own.as_str()))
            .cloned()
            .collect();
        followed.sort();
        followed
    }

    /// Has resources followed that are known and not read again: what lies in them is read.
    pub fn know(&mut self, known: impl IntoIterator<Item = Known>) {
        for known in known {
            let resource_type = known.resource_type.to_lowercase();
            let text = known.text();
            let listings = self.followers.follow(&Found {
                id: &known.id,
                resource_type: &resource_type,
                kind: known.kind.as_deref(),
                text: &text,
            });
            self.engine.hear(Message::Follow(listings));
        }
    }

    /// Takes a page as read that an earlier run handed out. All that were kept are told before [`start`](Self::start), in
    /// their order; the run then goes on behind them.
    pub fn resume(&mut self, page: &Page) {
        self.followers.tell(page);
        while let Ok(message) = self.inbox.try_recv() {
            self.engine.hear(message);
        }
        let Some(collector) = self.engine.index_of(&page.collector) else {
            return;
        };
        let progress = self
            .engine
            .resumed
            .entry(identity(collector, &page.listing))
            .or_default();
        progress.pages += 1;
        progress.objects += page.items.len() as u64;
        progress.cursor.clone_from(&page.cursor);
        progress.ended = page.last;
        progress.request_ids.extend(page.request_id.clone());
        if page.last {
            progress.ids = HashSet::new();
        } else if page.source == Source::ResourceGraph {
            progress
                .ids
                .extend(page.texts().map(|text| hash(&Head::of(text).id)));
        }
    }

    /// Begins to read.
    #[must_use]
    pub fn start(self, transport: &Transport) -> Run {
        let (pages, events) = mpsc::channel(AHEAD);
        let work = Work {
            collectors: Arc::clone(&self.collectors),
            ground: self.ground,
            transport: transport.clone(),
            followers: self.followers,
            pages,
        };
        let lists = Arc::clone(&self.engine.lists);
        let mut engine = JoinSet::new();
        engine.spawn(self.engine.run(work, self.inbox));
        Run {
            events,
            lists,
            _engine: engine,
        }
    }
}

/// A resource that is known from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its ID.
    pub id: String,
    /// Its type.
    pub resource_type: String,
    /// Its kind, where it has one.
    pub kind: Option<String>,
    /// `properties`, as JSON text.
    pub properties: Option<String>,
}

impl Known {
    /// As a list would show it.
    fn text(&self) -> String {
        let properties: serde_json::Value = self
            .properties
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        serde_json::json!({
            "id": self.id, "type": self.resource_type, "kind": self.kind, "properties": properties,
        })
        .to_string()
    }
}

/// A run. Dropping it ends all calls.
#[derive(Debug)]
pub struct Run {
    events: mpsc::Receiver<Event>,
    lists: Arc<Lists>,
    _engine: JoinSet<()>,
}

impl Run {
    /// What comes next; `None` at the end.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// What is there already, if anything is.
    pub fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// How many lists were read, and how many are known by now.
    #[must_use]
    pub fn lists(&self) -> (u64, u64) {
        self.lists.read()
    }
}

/// How many lists there are.
#[derive(Debug, Default)]
struct Lists {
    read: AtomicU64,
    known: AtomicU64,
}

impl Lists {
    fn read(&self) -> (u64, u64) {
        (
            self.read.load(Ordering::Relaxed),
            self.known.load(Ordering::Relaxed),
        )
    }
}

/// Who wants to be told of what was found.
#[derive(Debug)]
pub(crate) struct Followers {
    collectors: Arc<[Arc<dyn Collector>]>,
    ground: Arc<Ground>,
    /// By type, in lower case.
    by_type: HashMap<String, Vec<usize>>,
    of_all: Vec<usize>,
    engine: mpsc::UnboundedSender<Message>,
    /// The collector whose objects nobody follows.
    deaf_to: Option<&'static str>,
}

impl Followers {
    fn new(
        collectors: &Arc<[Arc<dyn Collector>]>,
        ground: &Arc<Ground>,
        engine: mpsc::UnboundedSender<Message>,
    ) -> Self {
        let mut by_type: HashMap<String, Vec<usize>> = HashMap::new();
        let mut of_all = Vec::new();
        for (index, collector) in collectors.iter().enumerate() {
            for followed in &collector.declaration().follows {
                match &**followed {
                    "*" => of_all.push(index),
                    followed => by_type.entry(followed.to_lowercase()).or_default().push(index),
                }
            }
        }
        Self {
            collectors: Arc::clone(collectors),
            ground: Arc::clone(ground),
            by_type,
            of_all,
            engine,
            deaf_to: None,
        }
    }

    /// The lists that are read because of a resource, each with the number of its collector.
    fn follow(&self, found: &Found<'_>) -> Vec<(usize, Listing)> {
        let of_type = self.by_type.get(found.resource_type).into_iter().flatten();
        of_type
            .chain(&self.of_all)
            .filter_map(|index| Some((*index, self.collectors.get(*index)?)))
            .flat_map(|(index, collector)| {
                let follow = collector.follow(&self.ground, found);
                follow.into_iter().map(move |listing| (index, listing))
            })
            .collect()
    }

    /// Has the objects of a page followed.
    pub(crate) fn tell(&self, page: &Page) {
        let followed = !(self.by_type.is_empty() && self.of_all.is_empty());
        let deaf = self.deaf_to == Some(&*page.collector);
        if !followed || deaf || page.source == Source::MicrosoftGraph {
            return;
        }
        let mut listings = Vec::new();
        for text in page.texts() {
            let head = Head::of(text);
            let resource_type = head.resource_type.to_lowercase();
            if head.id.is_empty() {
                continue;
            }
            let found = Found {
                id: &head.id,
                resource_type: &resource_type,
                kind: head.kind.as_deref().filter(|kind| !kind.is_empty()),
                text,
            };
            listings.extend(self.follow(&found));
        }
        if !listings.is_empty() {
            // An engine that is gone has ended the run.
            let _ = self.engine.send(Message::Follow(listings));
        }
    }
}

/// What the engine hears.
#[derive(Debug)]
enum Message {
    Follow(Vec<(usize, Listing)>),
}

/// What reading needs.
struct Work {
    collectors: Arc<[Arc<dyn Collector>]>,
    ground: Arc<Ground>,
    transport: Transport,
    followers: Arc<Followers>,
    pages: mpsc::Sender<Event>,
}

/// A list that waits for its turn.
#[derive(Debug)]
struct Waiting {
    collector: usize,
    listing: Listing,
    progress: Progress,
    round: u32,
}

/// A list that was read, or as much of it as could be.
struct Done {
    waiting: Waiting,
    outcome: Result<(), Shortfall>,
}

/// Which lists are read when.
#[derive(Debug)]
struct Engine {
    names: Vec<Arc<str>>,
    optional: Vec<bool>,
    /// By collector, those that find what it follows.
    feeders: Vec<Vec<usize>>,
    lanes: BTreeMap<Lane, VecDeque<Waiting>>,
    under_way: HashMap<Lane, usize>,
    known: HashSet<u64>,
    resumed: HashMap<u64, Progress>,
    units: BTreeMap<(usize, String), Tally>,
    lists: Arc<Lists>,
}

/// What is known of a unit.
#[derive(Debug, Default)]
struct Tally {
    listings: u64,
    complete: u64,
    pages: u64,
    objects: u64,
    request_ids: Vec<String>,
    /// The first of each kind.
    reason: Option<String>,
    forbidden: Option<String>,
}

impl Engine {
    fn new(collectors: &[Arc<dyn Collector>]) -> Self {
        let all = |what: fn(&Arc<dyn Collector>) -> bool| collectors.iter().map(what).collect();
        Self {
            names: collectors
                .iter()
                .map(|own| Arc::from(&*own.declaration().name))
                .collect(),
            optional: all(|own| own.declaration().optional),
            feeders: collectors.iter().map(|own| feeders(&**own, collectors)).collect(),
            lanes: BTreeMap::new(),
            under_way: HashMap::new(),
            known: HashSet::new(),
            resumed: HashMap::new(),
            units: BTreeMap::new(),
            lists: Arc::default(),
        }
    }

    fn index_of(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| **own == *name)
    }

    /// Takes a list in, unless it is there already: a resource may be found more than once.
    fn add(&mut self, collector: usize, listing: Listing) {
        if !self.known.insert(identity(collector, &listing.key)) {
            return;
        }
        self.lists.known.fetch_add(1, Ordering::Relaxed);
        for scope in &listing.scopes {
            self.units.entry((collector, scope.clone())).or_default().listings += 1;
        }
        let waiting = Waiting {
            collector,
            progress: Progress::default(),
            round: 1,
            listing,
        };
        self.lanes
            .entry(waiting.listing.lane.clone())
            .or_default()
            .push_back(waiting);
    }

    fn hear(&mut self, message: Message) {
        let Message::Follow(listings) = message;
        for (collector, listing) in listings {
            self.add(collector, listing);
        }
    }

    async fn run(mut self, work: Work, mut inbox: mpsc::UnboundedReceiver<Message>) {
        let mut tasks = JoinSet::new();
        loop {
            self.begin(&work, &mut tasks);
            tokio::select! {
                // What was found before its list ended is heard before that.
                biased;
                Some(message) = inbox.recv() => self.hear(message),
                done = tasks.join_next() => match done {
                    None => break,
                    Some(done) => {
                        if !self.end(done) {
                            return;
                        }
                    }
                },
            }
        }
        for unit in self.units() {
            if work.pages.send(Event::Unit(unit)).await.is_err() {
                return;
            }
        }
    }

    /// Begins as many lists as each lane has room for.
    fn begin(&mut self, work: &Work, tasks: &mut JoinSet<Done>) {
        let mut ended = Vec::new();
        for (lane, queue) in &mut self.lanes {
            let under_way = self.under_way.entry(lane.clone()).or_default();
            while *under_way < side_by_side(lane) {
                let Some(mut waiting) = queue.pop_front() else {
                    break;
                };
                if let Some(progress) = self
                    .resumed
                    .remove(&identity(waiting.collector, &waiting.listing.key))
                {
                    waiting.progress = progress;
                }
                if waiting.progress.ended {
                    ended.push(waiting);
                    continue;
                }
                *under_way += 1;
                tasks.spawn(work.read(waiting, &self.names));
            }
        }
        self.lanes.retain(|_, queue| !queue.is_empty());
        for waiting in ended {
            self.settle(waiting, &Ok(()));
        }
    }

    /// Whether the run goes on.
    fn end(&mut self, done: Result<Done, JoinError>) -> bool {
        let Done { mut waiting, outcome } = match done {
            Ok(done) => done,
            Err(error) => {
                // It is counted as a list of its units that never ended, which keeps them from being complete.
                tracing::error!(%error, "a list was not read: its task stopped unexpectedly");
                return true;
            }
        };
        if let Some(count) = self.under_way.get_mut(&waiting.listing.lane) {
            *count = count.saturating_sub(1);
        }
        match outcome {
            Err(shortfall) if shortfall.stopped => return false,
            Err(shortfall) if shortfall.kind.is_retryable() && waiting.round < ROUNDS => {
                tracing::debug!(list = %waiting.listing.key, reason = %shortfall.reason, "a list is read again");
                waiting.round += 1;
                // A cursor may lead nowhere by now.
                if shortfall.from_beginning || waiting.round == ROUNDS - 1 {
                    waiting.progress.cursor = None;
                    waiting.progress.ids.clear();
                }
                self.lanes
                    .entry(waiting.listing.lane.clone())
                    .or_default()
                    .push_back(waiting);
            }
            outcome => self.settle(waiting, &outcome),
        }
        true
    }

    /// Adds what became of a list to its units.
    fn settle(&mut self, waiting: Waiting, outcome: &Result<(), Shortfall>) {
        let Waiting {
            collector,
            listing,
            progress,
            ..
        } = waiting;
        self.lists.read.fetch_add(1, Ordering::Relaxed);
        for scope in listing.scopes {
            let tally = self.units.entry((collector, scope)).or_default();
            tally.pages += progress.pages;
            tally.objects += progress.objects;
            tally.request_ids.extend(progress.request_ids.iter().cloned());
            match outcome {
                Ok(()) => tally.complete += 1,
                Err(shortfall) if shortfall.kind == ErrorKind::PermissionDenied => {
                    tally.forbidden.get_or_insert_with(|| shortfall.reason.clone());
                }
                Err(shortfall) => {
                    tally.reason.get_or_insert_with(|| shortfall.reason.clone());
                }
            }
        }
    }

    /// All units, as they ended.
    fn units(self) -> Vec<UnitEnd> {
        let (names, optional) = (&self.names, &self.optional);
        let ended = self.units.into_iter().map(|((collector, scope), tally)| {
            let only_forbidden = tally.reason.is_none() && tally.forbidden.is_some();
            let mut reason = tally.reason.or(tally.forbidden);
            let state = if tally.complete == tally.listings {
                UnitState::Complete
            } else if optional[collector] && only_forbidden && tally.pages == 0 {
                UnitState::Skipped
            } else if tally.pages == 0 {
                UnitState::Failed
            } else {
                UnitState::Partial
            };
            if state != UnitState::Complete {
                reason.get_or_insert_with(|| "its reader stopped unexpectedly".to_owned());
            }
            let end = UnitEnd {
                key: UnitKey {
                    scope,
                    collector: names[collector].to_string(),
                },
                state,
                reason,
                listings: tally.listings,
                pages: tally.pages,
                objects: tally.objects,
                request_ids: tally.request_ids,
            };
            (collector, end)
        });
        let mut ended: Vec<(usize, UnitEnd)> = ended.collect();
        doubt(&mut ended, &self.feeders);
        ended.into_iter().map(|(_, end)| end).collect()
    }
}

/// The collectors that find what another one follows.
fn feeders(own: &dyn Collector, all: &[Arc<dyn Collector>]) -> Vec<usize> {
    let follows = &own.declaration().follows;
    let changed = changed_name(Resources::NAME);
    let feeds = |other: &Arc<dyn Collector>| {
        let other = other.declaration();
        !follows.is_empty()
            && (other.name == Resources::NAME
                || other.name == changed
                || other.reads.iter().any(|read| follows.contains(read)))
    };
    let feeding = all.iter().enumerate().filter(|(_, other)| feeds(other));
    feeding.map(|(index, _)| index).collect()
}

/// Who goes by resources has all of its lists only where all of these are known.
fn doubt(ended: &mut [(usize, UnitEnd)], feeders: &[Vec<usize>]) {
    loop {
        let short: HashSet<(usize, String)> = ended
            .iter()
            .filter(|(_, end)| matches!(end.state, UnitState::Partial | UnitState::Failed))
            .map(|(collector, end)| (*collector, end.key.scope.clone()))
            .collect();
        let mut grew = false;
        for (collector, end) in ended.iter_mut() {
            let is_unsure = |feeder: &usize| short.contains(&(*feeder, end.key.scope.clone()));
            if end.state == UnitState::Complete && feeders[*collector].iter().any(is_unsure) {
                end.state = UnitState::Partial;
                end.reason = Some("not all resources are known, so not all that lies in them".to_owned());
                grew = true;
            }
        }
        if !grew {
            return;
        }
    }
}

impl Work {
    /// Reads a list.
    fn read(&self, mut waiting: Waiting, names: &[Arc<str>]) -> impl Future<Output = Done> + Send + use<> {
        let collector = Arc::clone(&self.collectors[waiting.collector]);
        let mut reader = Reader {
            transport: self.transport.clone(),
            ground: Arc::clone(&self.ground),
            collector: Arc::clone(&names[waiting.collector]),
            listing: Arc::from(&*waiting.listing.key),
            scopes: Arc::from(&*waiting.listing.scopes),
            progress: std::mem::take(&mut waiting.progress),
            followers: Arc::clone(&self.followers),
            pages: self.pages.clone(),
        };
        async move {
            let mut outcome = collector.read(&waiting.listing, &mut reader).await;
            // A cursor may have grown too old.
            let has_cursor = reader.cursor().is_some();
            if let Err(shortfall) = &mut outcome
                && has_cursor
                && shortfall.kind == ErrorKind::InvalidArgument
            {
                *shortfall = Shortfall::contradiction(std::mem::take(&mut shortfall.reason));
            }
            waiting.progress = reader.progress;
            Done { waiting, outcome }
        }
    }
}

/// Of a list, among those of all collectors.
fn identity(collector: usize, listing: &str) -> u64 {
    hash(&format!("{collector} {listing}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors;

    fn end(collector: &str, scope: &str, state: UnitState) -> UnitEnd {
        UnitEnd {
            key: UnitKey {
                scope: scope.to_owned(),
                collector: collector.to_owned(),
            },
            state,
            reason: None,
            listings: 1,
            pages: 1,
            objects: 0,
            request_ids: Vec::new(),
        }
    }

    #[test]
    fn what_lies_in_what_is_not_all_known_is_not_all_known_either() {
        use UnitState::{Complete, Failed, Partial, Skipped};
        let all = collectors::all();
        let feeders: Vec<_> = all.iter().map(|own| feeders(&**own, &all)).collect();
        let apis = "children/Microsoft.ApiManagement/service/apis";
        let operations = "children/Microsoft.ApiManagement/service/apis/operations";
        let given = [
            (apis, "/subscriptions/a", Failed, Failed),
            (operations, "/subscriptions/a", Complete, Partial),
            (operations, "/subscriptions/b", Complete, Complete),
            ("resources", "/subscriptions/a", Complete, Complete),
            ("locks", "/subscriptions/a", Complete, Complete),
            ("resources", "/subscriptions/c", Partial, Partial),
            (apis, "/subscriptions/c", Complete, Partial),
            (operations, "/subscriptions/c", Complete, Partial),
            ("deny-assignments", "/subscriptions/c", Skipped, Skipped),
        ];
        let mut ended: Vec<_> = given
            .iter()
            .map(|(name, scope, state, _)| {
                let index = all
                    .iter()
                    .position(|own| own.declaration().name == *name)
                    .unwrap();
                (index, end(name, scope, *state))
            })
            .collect();
        doubt(&mut ended, &feeders);
        for ((name, scope, _, expected), (_, end)) in given.iter().zip(&ended) {
            assert_eq!(end.state, *expected, "{name} of {scope}");
        }
    }
}
