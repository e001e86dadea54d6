//! One node of a fleet: connects, answers by its script, breaks where the script says so, comes back.
//!
//! A task per node and nothing beside it; what it holds is bounded by the commands that are running. Not for: nodes
//! that a test leads step by step.

use super::{
    api::{NodeError, Socket},
    reply,
    script::{Answer, Script, Stage, Style},
    state::{FleetState, NodeState},
    work::{Job, Running, breaks, script_of},
};
use crate::random::Random;
use futures_util::{SinkExt as _, StreamExt as _};
use muster_protocol::{
    control_channel::{NodeChannel, NodeEvent},
    ids::{CommandId, JobId},
    message::{AckCode, CANCEL_COMMAND_TOPIC, ReplyContent, SEND_COMMAND_TOPIC, SendCommandContent, Status},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

/// Goes on until the fleet stops. `twin` tells apart the connections of one identity.
pub(super) async fn run(fleet: Arc<FleetState>, node: Arc<NodeState>, index: usize, twin: u64) {
    let seed = fleet.options.seed ^ (index as u64 * 2 + twin).wrapping_mul(0x5851_f42d_4c95_7f2d);
    let machine = NodeChannel::new(node.identity.id.clone());
    let mut runner = Runner {
        fleet,
        node,
        machine,
        random: Random::new(seed),
        running: Vec::new(),
        finals: Vec::new(),
        heartbeat_due: None,
    };
    runner.run().await;
}

/// Why a channel ended.
enum End {
    Closed,
    Cut,
    Stopped,
}

struct Runner {
    fleet: Arc<FleetState>,
    node: Arc<NodeState>,
    machine: NodeChannel,
    random: Random,
    running: Vec<Running>,
    /// Final replies that the server has not acknowledged.
    finals: Vec<(Uuid, CommandId)>,
    heartbeat_due: Option<Instant>,
}

impl Runner {
    async fn run(&mut self) {
        let mut failures = 0_u32;
        while !self.fleet.is_stopping() {
            // The future of connecting is large and rare; that of serving is small and lasts.
            match Box::pin(self.connect()).await {
                Ok(socket) => {
                    failures = 0;
                    let counters = &self.fleet.counters;
                    counters.opened.fetch_add(1, Ordering::Relaxed);
                    counters.connected.fetch_add(1, Ordering::Relaxed);
                    let end = self.serve(socket).await;
                    let counters = &self.fleet.counters;
                    counters.connected.fetch_sub(1, Ordering::Relaxed);
                    match end {
                        End::Stopped => return,
                        End::Cut => counters.cut.fetch_add(1, Ordering::Relaxed),
                        End::Closed => counters.closed.fetch_add(1, Ordering::Relaxed),
                    };
                    let pause = self.fleet.options.reconnect.pause;
                    self.pause(Duration::ZERO, pause).await;
                }
                Err(error) => {
                    if let NodeError::Refused(_) = error {
                        self.node.forget_credentials();
                    }
                    self.fleet.counters.note_error(error.kind());
                    let reconnect = self.fleet.options.reconnect;
                    let wait = reconnect.first.saturating_mul(1 << failures.min(16)).min(reconnect.most);
                    failures += 1;
                    self.pause(wait / 2, wait).await;
                }
            }
        }
    }

    /// Waits a while by chance, or until the fleet stops.
    async fn pause(&mut self, least: Duration, most: Duration) {
        let until = Instant::now() + self.random.between(least, most);
        while !self.fleet.is_stopping() {
            tokio::select! {
                () = self.node.wake.notified() => {}
                () = sleep_until(until) => return,
            }
        }
    }

    async fn connect(&mut self) -> Result<Socket, NodeError> {
        let fleet = self.fleet.clone();
        // The semaphore is never closed.
        let _turn = fleet.opening.acquire().await;
        let credentials = self.node.credentials(&fleet.api).await?;
        let id = &self.node.identity.id;
        if self.heartbeat_due.is_none() {
            fleet.api.update_information(id, &credentials.credentials).await?;
            let first = fleet.options.heartbeat.unwrap_or(Duration::MAX / 4);
            let wait = self.random.between(Duration::ZERO, first);
            self.heartbeat_due = Instant::now().checked_add(wait);
        }
        fleet.api.open_channel(id, &credentials.credentials, &mut self.machine).await
    }

    async fn serve(&mut self, mut socket: Socket) -> End {
        let ping = self.fleet.options.ping;
        let mut ping_due = Instant::now() + self.random.between(ping / 4, ping);
        loop {
            let deadline = self.deadline(ping_due);
            let flow = tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Binary(bytes))) => self.take(&mut socket, &bytes).await,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Closed,
                    Some(Ok(_)) => Ok(false),
                },
                () = self.node.wake.notified() => {
                    if self.fleet.is_stopping() {
                        // The server learns of it by the closing handshake, which nobody here waits for.
                        let _ = socket.close(None).await;
                        return End::Stopped;
                    }
                    Ok(self.node.cut.swap(false, Ordering::Relaxed))
                }
                () = sleep_until(deadline) => {
                    let now = Instant::now();
                    if now >= ping_due {
                        ping_due = now + ping;
                        let sent = socket.send(Message::Ping("keepalive".into())).await;
                        if sent.is_err() {
                            return End::Closed;
                        }
                    }
                    self.due(&mut socket, now).await
                }
            };
            match flow {
                Ok(false) => {}
                Ok(true) => return End::Cut,
                Err(error) => {
                    self.fleet.counters.note_error(error.kind());
                    return End::Closed;
                }
            }
        }
    }

    fn deadline(&self, ping_due: Instant) -> Instant {
        let again = self.machine.next_timer_ms().map(|at_ms| {
            let wait = (at_ms - self.fleet.api.time.now_ms()).max(0);
            Instant::now() + Duration::from_millis(wait.unsigned_abs())
        });
        let beat = self.heartbeat_due.filter(|_| self.fleet.options.heartbeat.is_some());
        let running = self.running.iter().map(|running| running.due).min();
        [again, beat, running].into_iter().flatten().fold(ping_due, Instant::min)
    }

    /// What the time asks for. Whether the connection breaks.
    async fn due(&mut self, socket: &mut Socket, now: Instant) -> Result<bool, NodeError> {
        while let Some(at) = self.running.iter().position(|running| running.due <= now) {
            let ended = self.running.swap_remove(at);
            if self.finish(socket, ended).await? {
                return Ok(true);
            }
        }
        for frame in self.machine.on_timer(self.fleet.api.time.now_ms()) {
            socket.feed(Message::binary(frame)).await?;
        }
        socket.flush().await?;
        if let (Some(due), Some(every)) = (self.heartbeat_due, self.fleet.options.heartbeat)
            && due <= now
        {
            self.heartbeat_due = Some(now + every);
            if let Err(error) = Box::pin(self.heartbeat()).await {
                self.fleet.counters.note_error(error.kind());
            }
        }
        Ok(false)
    }

    async fn heartbeat(&self) -> Result<(), NodeError> {
        let credentials = self.node.credentials(&self.fleet.api).await?;
        self.fleet.api.update_information(&self.node.identity.id, &credentials.credentials).await
    }

    /// Takes a message. Whether the connection breaks.
    async fn take(&mut self, socket: &mut Socket, bytes: &[u8]) -> Result<bool, NodeError> {
        let Ok(events) = self.machine.on_message(bytes) else {
            self.fleet.counters.note_error("a message that cannot be read".to_owned());
            return Ok(false);
        };
        for event in events {
            let broken = match event {
                NodeEvent::Job { job_id, message_id, created_ms, content } => {
                    self.job(socket, Job { job_id, message_id, created_ms }, &content).await?
                }
                NodeEvent::CancelJob { job_id, message_id, created_ms, cancelled } => {
                    self.cancel(socket, Job { job_id, message_id, created_ms }, &cancelled).await?
                }
                NodeEvent::ReplyAck { message_id, .. } => {
                    self.acknowledged(message_id);
                    false
                }
                NodeEvent::MalformedJob { job_id, message_id, created_ms, .. } => {
                    let job = Job { job_id, message_id, created_ms };
                    self.ack(socket, &job, AckCode::ParseError).await?;
                    false
                }
                NodeEvent::ChannelClosed(_)
                | NodeEvent::StartSession(_)
                | NodeEvent::TaskAcknowledge(_)
                | NodeEvent::Ignored { .. } => false,
            };
            if broken {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn job(
        &mut self,
        socket: &mut Socket,
        job: Job,
        content: &SendCommandContent,
    ) -> Result<bool, NodeError> {
        let Ok((command, _)) = JobId::parts(&job.job_id) else { return Ok(false) };
        let own = script_of(&self.fleet.options.script, content).map(Box::new);
        let fleet = self.fleet.clone();
        let script = own.as_deref().unwrap_or(&fleet.options.script);
        let is_new = {
            let mut ledger = self.node.ledger();
            let entry = ledger.deliver(&command);
            if script.answer == Answer::Ignore || breaks(&mut self.random, script, Stage::Receipt, entry) {
                return Ok(script.answer != Answer::Ignore);
            }
            let is_new = entry.executions == 0;
            entry.executions += u32::from(is_new);
            if breaks(&mut self.random, script, Stage::BeforeAck, entry) {
                drop(ledger);
                if is_new {
                    self.start(job.job_id, command, own, content);
                }
                return Ok(true);
            }
            is_new
        };
        let code = if is_new { AckCode::Successful } else { AckCode::DuplicateCommand };
        self.ack(socket, &job, code).await?;
        if is_new && script.style == Style::Official {
            let begun = reply::content(Status::InProgress, None, self.fleet.api.time.now_ms());
            self.progress(socket, &job.job_id, SEND_COMMAND_TOPIC, &begun).await?;
        }
        let broken = self
            .node
            .ledger()
            .find_mut(&command)
            .is_some_and(|entry| breaks(&mut self.random, script, Stage::AfterAck, entry));
        let at_once = script.delay.1.is_zero();
        if is_new {
            self.start(job.job_id, command, own, content);
        }
        if broken || !at_once {
            socket.flush().await?;
            return Ok(broken);
        }
        // Its acknowledgement goes with its reply.
        self.due(socket, Instant::now()).await
    }

    fn start(
        &mut self,
        job_id: String,
        command: CommandId,
        own: Option<Box<Script>>,
        content: &SendCommandContent,
    ) {
        let script = own.as_deref().unwrap_or(&self.fleet.options.script);
        let due = Instant::now() + self.random.between(script.delay.0, script.delay.1);
        let names = reply::step_names(&content.document_content, script.steps);
        self.running.push(Running { job_id, command, due, script: own, names });
    }

    /// A command has run.
    async fn finish(&mut self, socket: &mut Socket, ended: Running) -> Result<bool, NodeError> {
        let fleet = self.fleet.clone();
        let script = ended.script.as_deref().unwrap_or(&fleet.options.script);
        let (steps, last) = reply::replies(script, &ended.names, fleet.api.time.now_ms());
        let broken = self.ended(&ended.command, last.document_status, script, Stage::BeforeFinal);
        for content in steps.iter().chain([&last]) {
            let now_ms = fleet.api.time.now_ms();
            // Kept by the machine, and sent again after a break.
            let (id, frame) = self.machine.send_reply(&ended.job_id, SEND_COMMAND_TOPIC, content, now_ms);
            if std::ptr::eq(content, &last) {
                self.finals.push((id, ended.command.clone()));
            }
            if !broken {
                for _ in 0..=script.duplicates {
                    socket.feed(Message::binary(frame.clone())).await?;
                }
            }
        }
        if broken {
            return Ok(true);
        }
        socket.flush().await?;
        Ok(self.ended(&ended.command, last.document_status, script, Stage::AfterFinal))
    }

    /// Notes how a command ended; whether the connection breaks at this stage of it.
    fn ended(&mut self, command: &CommandId, status: Status, script: &Script, stage: Stage) -> bool {
        let mut ledger = self.node.ledger();
        ledger.find_mut(command).is_some_and(|entry| {
            entry.ended = Some(status);
            breaks(&mut self.random, script, stage, entry)
        })
    }

    async fn cancel(&mut self, socket: &mut Socket, job: Job, cancelled: &str) -> Result<bool, NodeError> {
        let now_ms = self.fleet.api.time.now_ms();
        self.ack(socket, &job, AckCode::Successful).await?;
        let begun = reply::content(Status::InProgress, None, now_ms);
        self.progress(socket, &job.job_id, CANCEL_COMMAND_TOPIC, &begun).await?;
        if let Some(at) = self.running.iter().position(|running| running.job_id == cancelled) {
            let ended = self.running.swap_remove(at);
            let content = reply::cancelled(&ended.names, now_ms);
            let (id, frame) = self.machine.send_reply(&ended.job_id, SEND_COMMAND_TOPIC, &content, now_ms);
            if let Some(entry) = self.node.ledger().find_mut(&ended.command) {
                entry.ended = Some(Status::Cancelled);
            }
            self.finals.push((id, ended.command));
            socket.feed(Message::binary(frame)).await?;
        }
        socket.flush().await?;
        Ok(false)
    }

    fn acknowledged(&mut self, message_id: Uuid) {
        if let Some(at) = self.finals.iter().position(|(id, _)| *id == message_id) {
            let (_, command) = self.finals.swap_remove(at);
            if let Some(entry) = self.node.ledger().find_mut(&command) {
                entry.acknowledged = true;
            }
        }
        if self.finals.is_empty() {
            self.finals = Vec::new();
        }
    }

    async fn ack(&mut self, socket: &mut Socket, job: &Job, code: AckCode) -> Result<(), NodeError> {
        let now_ms = self.fleet.api.time.now_ms();
        let frame = self.machine.ack_job(&job.job_id, job.message_id, job.created_ms, code, now_ms);
        Ok(socket.feed(Message::binary(frame)).await?)
    }

    async fn progress(
        &mut self,
        socket: &mut Socket,
        job_id: &str,
        topic: &str,
        content: &ReplyContent,
    ) -> Result<(), NodeError> {
        let frame = self.machine.send_progress(job_id, topic, content, self.fleet.api.time.now_ms());
        Ok(socket.feed(Message::binary(frame)).await?)
    }
}
