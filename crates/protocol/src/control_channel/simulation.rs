//! Both machines over a link that loses, repeats, reorders and breaks, with restarts on either side: in the end every
//! job has run once and every result has arrived.

use super::*;
use crate::message::{
    AckCode, AgentJob, AgentJobReply, JobContent, ReplyContent, RuntimeStatus, SEND_COMMAND_TOPIC, Status,
};
use muster_ids::CommandId;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// One thing that happens. Indices pick one of what is in flight, whatever number that is.
#[derive(Debug, Clone)]
enum Step {
    NewJob {
        steps: u8,
    },
    ToNode(Fate, usize),
    ToServer(Fate, usize),
    Wait {
        ms: i64,
    },
    /// A new socket; to the machines, a restart of the server is the same.
    Reconnect,
    NodeRestart,
    Noise {
        to_node: bool,
        bytes: Vec<u8>,
    },
    Busy,
}

#[derive(Debug, Clone, Copy)]
enum Fate {
    Arrives,
    ArrivesAndStays,
    IsLost,
}

fn any_step() -> impl Strategy<Value = Step> {
    let fate =
        || prop::sample::select(vec![Fate::Arrives, Fate::Arrives, Fate::ArrivesAndStays, Fate::IsLost]);
    prop_oneof![
        3 => (0..4_u8).prop_map(|steps| Step::NewJob { steps }),
        8 => (fate(), any::<usize>()).prop_map(|(fate, index)| Step::ToNode(fate, index)),
        8 => (fate(), any::<usize>()).prop_map(|(fate, index)| Step::ToServer(fate, index)),
        3 => (1..20_000_i64).prop_map(|ms| Step::Wait { ms }),
        3 => Just(Step::Reconnect),
        1 => Just(Step::NodeRestart),
        1 => (any::<bool>(), prop::collection::vec(any::<u8>(), 0..150))
            .prop_map(|(to_node, bytes)| Step::Noise { to_node, bytes }),
        1 => Just(Step::Busy),
    ]
}

/// What outlives a server process.
#[derive(Default)]
struct Database {
    jobs: BTreeMap<String, AgentJob>,
    delivered: BTreeSet<String>,
    progress: BTreeMap<String, JobProgress>,
}

/// What outlives an agent process.
#[derive(Default)]
struct Disk {
    ledger: BTreeSet<String>,
    spool: BTreeMap<Uuid, AgentJobReply>,
    executions: BTreeMap<String, u32>,
}

struct World {
    now_ms: i64,
    node_id: ManagedNodeId,
    server: ServerChannel,
    node: NodeChannel,
    database: Database,
    disk: Disk,
    to_node: Vec<Vec<u8>>,
    to_server: Vec<Vec<u8>>,
    busy: bool,
}

impl World {
    fn new() -> Self {
        let node_id = ManagedNodeId::random();
        let mut world = Self {
            now_ms: 1_727_786_096_789,
            server: ServerChannel::new(node_id.clone()),
            node: NodeChannel::new(node_id.clone()),
            node_id,
            database: Database::default(),
            disk: Disk::default(),
            to_node: Vec::new(),
            to_server: Vec::new(),
            busy: false,
        };
        world.connect();
        world
    }

    /// A new socket: what was in flight is gone; both sides send what they know to be unsettled.
    fn connect(&mut self) {
        self.to_node.clear();
        self.to_server.clear();
        self.server = ServerChannel::new(self.node_id.clone());
        let open = self.node.open_message("token", "3.3.0.0", "linux", self.now_ms);
        let events = self.server.on_message(open.as_bytes(), true, self.now_ms).unwrap();
        assert!(matches!(events.as_slice(), [ServerEvent::Opened { token, .. }] if token == "token"));
        let unsettled = self.database.jobs.iter().filter(|(id, _)| !self.database.delivered.contains(*id));
        for (_, job) in unsettled {
            self.to_node.push(self.server.send_job(job, self.now_ms));
        }
        self.to_server.extend(self.node.on_timer(self.now_ms));
    }

    fn new_job(&mut self, steps: u8) {
        let command = CommandId::random();
        let job_id = JobId::for_command(&command, &self.node_id).to_string();
        let content = format!(r#"{{"DocumentContent":{steps},"CommandId":"{command}"}}"#);
        let job = AgentJob::send(&*job_id, content);
        self.to_node.push(self.server.send_job(&job, self.now_ms));
        self.database.jobs.insert(job_id, job);
    }

    fn node_receives(&mut self, bytes: &[u8]) {
        for event in self.node.on_message(bytes).unwrap_or_default() {
            match event {
                NodeEvent::Job { job_id, message_id, created_ms, content } => {
                    let code = if self.disk.ledger.contains(&job_id) {
                        AckCode::DuplicateCommand
                    } else if std::mem::take(&mut self.busy) {
                        AckCode::ProcessorBufferFull
                    } else {
                        AckCode::Successful
                    };
                    let ack = self.node.ack_job(&job_id, message_id, created_ms, code.clone(), self.now_ms);
                    self.to_server.push(ack);
                    if code == AckCode::Successful {
                        self.disk.ledger.insert(job_id.clone());
                        self.execute(&job_id, content.document_content.as_u64().unwrap());
                    }
                }
                NodeEvent::ReplyAck { message_id, .. } => {
                    self.disk.spool.remove(&message_id);
                }
                _ => {}
            }
        }
    }

    fn execute(&mut self, job_id: &str, steps: u64) {
        *self.disk.executions.entry(job_id.to_owned()).or_default() += 1;
        let of = |status, steps: Option<BTreeMap<_, _>>| ReplyContent {
            document_status: status,
            runtime_status: steps,
            ..ReplyContent::default()
        };
        let started = of(Status::InProgress, None);
        self.to_server.push(self.node.send_progress(job_id, SEND_COMMAND_TOPIC, &started, self.now_ms));
        let step = |index| {
            let result = RuntimeStatus { status: Status::Success, ..RuntimeStatus::default() };
            BTreeMap::from([(format!("step{index}"), result)])
        };
        for index in 0..steps {
            self.reply(job_id, of(Status::InProgress, Some(step(index))));
        }
        self.reply(job_id, of(Status::Success, Some(BTreeMap::new())));
    }

    fn reply(&mut self, job_id: &str, content: ReplyContent) {
        let (message_id, frame) = self.node.send_reply(job_id, SEND_COMMAND_TOPIC, &content, self.now_ms);
        let reply = AgentJobReply {
            schema_version: 1,
            job_id: job_id.to_owned(),
            content: message::write_text(&content),
            topic: SEND_COMMAND_TOPIC.to_owned(),
        };
        self.disk.spool.insert(message_id, reply);
        self.to_server.push(frame);
    }

    fn server_receives(&mut self, bytes: &[u8]) {
        for event in self.server.on_message(bytes, false, self.now_ms).unwrap_or_default() {
            match event {
                ServerEvent::JobAck { job_id, code, .. } if code.delivered() => {
                    self.database.delivered.insert(job_id);
                }
                ServerEvent::Reply { job_id, message_id, content, .. } => {
                    self.database.delivered.insert(job_id.clone());
                    let progress = self.database.progress.entry(job_id.clone()).or_default();
                    let before = progress.status;
                    progress.apply(content);
                    assert!(!before.terminal() || progress.status == before, "back from {before}");
                    self.to_node.push(self.server.acknowledge_reply(&job_id, message_id, self.now_ms));
                }
                _ => {}
            }
        }
    }

    fn timers(&mut self) {
        if self.server.next_timer_ms().is_some_and(|due| due <= self.now_ms) {
            self.to_node.extend(self.server.on_timer(self.now_ms));
        }
        if self.node.next_timer_ms().is_some_and(|due| due <= self.now_ms) {
            self.to_server.extend(self.node.on_timer(self.now_ms));
        }
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::NewJob { steps } => self.new_job(steps),
            Step::ToNode(fate, index) => {
                if let Some(bytes) = take(&mut self.to_node, fate, index) {
                    self.node_receives(&bytes);
                }
            }
            Step::ToServer(fate, index) => {
                if let Some(bytes) = take(&mut self.to_server, fate, index) {
                    self.server_receives(&bytes);
                }
            }
            Step::Wait { ms } => {
                self.now_ms += ms;
                self.timers();
            }
            Step::Reconnect => self.connect(),
            Step::NodeRestart => {
                self.node = NodeChannel::new(self.node_id.clone());
                for (message_id, reply) in &self.disk.spool {
                    self.node.restore_reply(*message_id, reply, self.now_ms);
                }
                self.connect();
            }
            Step::Noise { to_node: true, bytes } => self.to_node.push(bytes),
            Step::Noise { to_node: false, bytes } => self.to_server.push(bytes),
            Step::Busy => self.busy = true,
        }
    }

    /// From now on the link is good: everything settles within a few repeats.
    fn settle(&mut self) {
        for _ in 0..50 {
            while !self.to_node.is_empty() || !self.to_server.is_empty() {
                for bytes in std::mem::take(&mut self.to_node) {
                    self.node_receives(&bytes);
                }
                for bytes in std::mem::take(&mut self.to_server) {
                    self.server_receives(&bytes);
                }
            }
            let timers = [self.server.next_timer_ms(), self.node.next_timer_ms()];
            let Some(next) = timers.into_iter().flatten().min() else { return };
            self.now_ms = self.now_ms.max(next);
            self.timers();
        }
        panic!("did not settle");
    }
}

fn take(queue: &mut Vec<Vec<u8>>, fate: Fate, index: usize) -> Option<Vec<u8>> {
    let index = index.checked_rem(queue.len())?;
    match fate {
        Fate::Arrives => Some(queue.remove(index)),
        Fate::ArrivesAndStays => queue.get(index).cloned(),
        Fate::IsLost => {
            queue.remove(index);
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_job_runs_once_and_every_result_arrives(steps in prop::collection::vec(any_step(), 0..120)) {
        let mut world = World::new();
        for step in steps {
            world.run(step);
        }
        world.settle();
        for (job_id, job) in &world.database.jobs {
            prop_assert_eq!(world.disk.executions.get(job_id), Some(&1));
            prop_assert!(world.database.delivered.contains(job_id));
            let progress = world.database.progress.get(job_id).unwrap();
            prop_assert_eq!(progress.status, Status::Success);
            let JobContent::Send(content) = job.parse_content().unwrap() else { panic!("a send job") };
            prop_assert_eq!(Some(progress.steps.len() as u64), content.document_content.as_u64());
        }
        prop_assert_eq!(world.disk.executions.len(), world.database.jobs.len());
        prop_assert_eq!(world.server.unacknowledged().count(), 0);
        prop_assert_eq!(world.node.unacknowledged().count(), 0);
        prop_assert!(world.disk.spool.is_empty());
    }
}
