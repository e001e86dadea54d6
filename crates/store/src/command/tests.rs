//! What commands and invocations go through in the store, on every engine.

use super::{
    CommandOutcome, CommandRow, Filter, delete, find, finish, finished_before, insert, list, request_cancel,
};
use crate::{
    Db,
    command_target::{Condition, resolve},
    invocation::{self, Target},
    invocation_step::{self, StepRow},
    managed_node::{self, Registration},
    tag::{self, Resource, Tag},
    testing::on_each_engine,
};
use muster_ids::{AccountId, CommandId, ManagedNodeId, Region, Tenant};

const NOW: i64 = 1_000_000;

fn tenant() -> Tenant {
    Tenant {
        account: AccountId::parse("000000000000").expect("an account"),
        region: Region::parse("us-east-1").expect("a region"),
    }
}

fn row(requested_ms: i64) -> CommandRow {
    CommandRow {
        command_id: CommandId::random(),
        tenant: tenant(),
        document_name: "AWS-RunShellScript".to_owned(),
        requested_ms,
        expires_ms: requested_ms + 100,
        request: "{}".to_owned(),
        target_count: 2,
        max_concurrency: 50,
        max_errors: 0,
        status: "Pending".to_owned(),
        status_details: "Pending".to_owned(),
        completed_count: 0,
        error_count: 0,
        delivery_timed_out_count: 0,
        cancel_requested_ms: None,
        finished_ms: None,
    }
}

fn targets(count: usize) -> Vec<Target> {
    (0..count).map(|_| Target { node_id: ManagedNodeId::random(), node_name: "host".to_owned() }).collect()
}

/// A stored command on so many nodes, of which the first `released` may be told.
async fn sent(db: &Db, count: usize, released: usize) -> (CommandId, Vec<ManagedNodeId>) {
    let (row, targets) = (row(NOW), targets(count));
    let mut batch = insert(&row, "{\"job\":1}");
    batch.append(invocation::insert(
        &tenant(),
        &row.command_id,
        &targets,
        released,
        NOW,
        NOW + 30,
        NOW + 100,
    ));
    db.write(batch).await.expect("a command is stored");
    (row.command_id, targets.into_iter().map(|target| target.node_id).collect())
}

#[tokio::test]
async fn a_command_is_found_by_its_tenant_alone_and_finishes_once() {
    on_each_engine(|db| async move {
        let (id, _) = sent(&db, 2, 2).await;
        let elsewhere = Tenant { region: Region::parse("eu-west-1").expect("a region"), ..tenant() };
        assert_eq!(find(&db, &elsewhere, &id).await, Ok(None));
        assert_eq!(super::job_content(&db, &id).await, Ok(Some("{\"job\":1}".to_owned())));
        db.write(request_cancel(&tenant(), &id, NOW + 1)).await.expect("a write");
        let outcome = |status| CommandOutcome {
            status,
            status_details: status,
            completed: 2,
            errors: 1,
            delivery_timed_out: 0,
        };
        db.write(finish(&id, &outcome("Cancelled"), NOW + 2)).await.expect("a write");
        db.write(finish(&id, &outcome("Failed"), NOW + 3)).await.expect("a write");
        let found = find(&db, &tenant(), &id).await.expect("a read").expect("the command");
        assert_eq!((found.status.as_str(), found.finished_ms), ("Cancelled", Some(NOW + 2)));
        assert_eq!((found.completed_count, found.error_count), (2, 1));
        assert_eq!(found.cancel_requested_ms, Some(NOW + 1));
        assert_eq!(super::unfinished(&db).await, Ok(vec![]));

        assert_eq!(finished_before(&db, NOW + 2, 10).await, Ok(vec![]));
        assert_eq!(finished_before(&db, NOW + 3, 10).await, Ok(vec![(tenant(), id.clone())]));
        db.write(delete(&id)).await.expect("a write");
        assert_eq!(find(&db, &tenant(), &id).await, Ok(None));
        assert_eq!(invocation::count_by_state(&db, &id).await, Ok(vec![]));
    })
    .await;
}

#[tokio::test]
async fn pages_of_commands_are_newest_first_and_complete() {
    on_each_engine(|db| async move {
        // Several in the same millisecond: the id decides.
        let mut all: Vec<_> = (0..7).map(|n| row(NOW + n / 3)).collect();
        for row in &all {
            db.write(insert(row, "{}")).await.expect("a write");
        }
        all.sort_by(|a, b| (b.requested_ms, &b.command_id).cmp(&(a.requested_ms, &a.command_id)));
        let (mut seen, mut filter) = (Vec::new(), Filter::default());
        loop {
            let page = list(&db, &tenant(), &filter, 2).await.expect("a page");
            let Some(last) = page.last() else { break };
            filter.from = Some((last.requested_ms, last.command_id.to_string()));
            seen.extend(page);
        }
        assert_eq!(seen, all);
        let some = Filter { after_ms: Some(NOW), before_ms: Some(NOW + 2), ..Filter::default() };
        assert_eq!(list(&db, &tenant(), &some, 50).await.expect("a page").len(), 3);
        let none = Filter { document_name: Some("Other".to_owned()), ..Filter::default() };
        assert_eq!(list(&db, &tenant(), &none, 50).await, Ok(vec![]));
        let finished = Filter { finished: Some(true), ..Filter::default() };
        assert_eq!(list(&db, &tenant(), &finished, 50).await, Ok(vec![]));
        let of_node = Filter { node_id: Some(ManagedNodeId::random().to_string()), ..Filter::default() };
        assert_eq!(list(&db, &tenant(), &of_node, 50).await, Ok(vec![]));
        let outcome = Filter { outcome: Some(vec![("Failed", Some("Failed"))]), ..Filter::default() };
        assert_eq!(
            list(&db, &tenant(), &outcome, 50).await.expect("a page").len(),
            7,
            "unfinished ones stay"
        );
    })
    .await;
}

#[tokio::test]
async fn the_outbox_holds_what_is_released_and_not_acknowledged_until_its_time_is_up() {
    on_each_engine(|db| async move {
        let (id, nodes) = sent(&db, 40, 39).await;
        let (first, last) = (&nodes[0], &nodes[39]);
        assert_eq!(invocation::outbox(&db, first, NOW).await, Ok(vec![id.clone()]));
        assert_eq!(invocation::outbox(&db, first, NOW + 30).await, Ok(vec![]), "too late");
        assert_eq!(invocation::outbox(&db, last, NOW).await, Ok(vec![]), "it waits");
        assert_eq!(invocation::waiting(&db, &id, 5).await, Ok(vec![last.clone()]));
        db.write(invocation::release(&id, last)).await.expect("a write");
        assert_eq!(invocation::outbox(&db, last, NOW).await, Ok(vec![id.clone()]));
        db.write(invocation::acknowledge(first, &id, NOW + 1)).await.expect("a write");
        assert_eq!(invocation::outbox(&db, first, NOW + 1).await, Ok(vec![]));
        let found =
            invocation::find(&db, &tenant(), &id, first).await.expect("a read").expect("the invocation");
        assert_eq!(
            (found.status.as_str(), found.delivered_ms, found.deadline_ms),
            ("InProgress", Some(NOW + 1), NOW + 100)
        );
        assert_eq!(invocation::next_deadline(&db).await, Ok(Some(NOW + 30)));
        assert_eq!(invocation::unfinished_nodes(&db, &id).await.expect("a read").len(), 40);
    })
    .await;
}

#[tokio::test]
async fn the_first_end_of_an_invocation_stays() {
    on_each_engine(|db| async move {
        let (id, nodes) = sent(&db, 2, 2).await;
        let [one, two] = [&nodes[0], &nodes[1]];
        db.write(invocation::finish(&id, one, "Success", "Success", "", NOW + 5)).await.expect("a write");
        db.write(invocation::finish(&id, one, "Failed", "Failed", "", NOW + 6)).await.expect("a write");
        let ended = db.write(invocation::expire(NOW + 30)).await.expect("a write");
        assert_eq!(ended.concat().len(), 1, "only the other one was still open");
        let state = |node| {
            let (db, id) = (&db, &id);
            async move {
                let found = invocation::find(db, &tenant(), id, node).await.expect("a read").expect("there");
                (found.status, found.status_details, found.finished_ms)
            }
        };
        assert_eq!(state(one).await, ("Success".to_owned(), "Success".to_owned(), Some(NOW + 5)));
        assert_eq!(state(two).await, ("TimedOut".to_owned(), "DeliveryTimedOut".to_owned(), Some(NOW + 30)));
        assert_eq!(invocation::next_deadline(&db).await, Ok(None));
    })
    .await;
}

#[tokio::test]
async fn a_cancellation_ends_what_was_not_delivered_and_asks_for_the_rest() {
    on_each_engine(|db| async move {
        let (id, nodes) = sent(&db, 3, 2).await;
        let [running, pending, waiting] = [&nodes[0], &nodes[1], &nodes[2]];
        db.write(invocation::acknowledge(running, &id, NOW)).await.expect("a write");
        let cancels = [CommandId::random(), CommandId::random(), CommandId::random()];
        for (node, cancel) in [running, pending, waiting].into_iter().zip(&cancels) {
            let mut batch = invocation::cancel_undelivered(&id, node, cancel, NOW + 1);
            batch.append(invocation::request_cancel(&id, node, cancel));
            db.write(batch).await.expect("a write");
        }
        let counts = invocation::count_by_state(&db, &id).await.expect("a read");
        let count = |status: &str| counts.iter().filter(|c| c.status == status).map(|c| c.count).sum::<i64>();
        assert_eq!((count("Cancelling"), count("Cancelled")), (1, 2));
        // The node that may just have got it is told as well; the one that never could is not.
        for (node, expected) in [(running, Some(&cancels[0])), (pending, Some(&cancels[1])), (waiting, None)]
        {
            let found = invocation::cancellations(&db, node).await.expect("a read");
            assert_eq!(
                found,
                expected.map(|cancel| (id.clone(), cancel.clone())).into_iter().collect::<Vec<_>>()
            );
        }
        db.write(invocation::acknowledge(running, &cancels[0], NOW + 2)).await.expect("a write");
        assert_eq!(invocation::cancellations(&db, running).await, Ok(vec![]));
        // A node that never says how it ended: the cancellation is what is left.
        db.write(invocation::expire(NOW + 100)).await.expect("a write");
        let found = invocation::find(&db, &tenant(), &id, running).await.expect("a read").expect("there");
        assert_eq!(found.status, "Cancelled");
    })
    .await;
}

#[tokio::test]
async fn steps_hold_any_bytes_and_the_last_word_counts() {
    on_each_engine(|db| async move {
        let (id, nodes) = sent(&db, 1, 1).await;
        let step = |status: &str, stdout: &[u8]| StepRow {
            step_id: "one".to_owned(),
            plugin: "aws:runShellScript".to_owned(),
            status: status.to_owned(),
            status_details: status.to_owned(),
            response_code: 0,
            started_ms: Some(NOW),
            finished_ms: None,
            output: b"\0\xff".to_vec(),
            stdout: stdout.to_vec(),
            stderr: Vec::new(),
        };
        for step in [step("InProgress", b""), step("Success", b"a\0b")] {
            db.write(invocation_step::upsert(&id, &nodes[0], &step)).await.expect("a write");
        }
        assert_eq!(invocation_step::list(&db, &id, &nodes[0]).await, Ok(vec![step("Success", b"a\0b")]));
        for bytes in [1, 2] {
            let stored = invocation_step::output_stored(&id, &nodes[0], "one", "stdout", bytes, NOW);
            db.write(stored).await.expect("a write");
        }
        let stored = invocation_step::stored_outputs(&db, &id, &nodes[0]).await;
        assert_eq!(stored, Ok(vec![("one".to_owned(), "stdout".to_owned(), 2)]));
    })
    .await;
}

#[tokio::test]
async fn pages_of_invocations_and_their_filters() {
    on_each_engine(|db| async move {
        let (id, nodes) = sent(&db, 5, 5).await;
        db.write(invocation::finish(&id, &nodes[0], "Failed", "Failed", "", NOW)).await.expect("a write");
        let (mut seen, mut filter) = (Vec::new(), invocation::Filter::default());
        loop {
            let page = invocation::list(&db, &tenant(), &filter, 2).await.expect("a page");
            let Some(last) = page.last() else { break };
            filter.from = Some((last.requested_ms, last.command_id.to_string(), last.node_id.to_string()));
            seen.extend(page.into_iter().map(|row| row.node_id));
        }
        let mut expected = nodes.clone();
        expected.sort();
        expected.reverse();
        assert_eq!(seen, expected);
        let failed = invocation::Filter { states: Some(vec![("Failed", None)]), ..Default::default() };
        assert_eq!(invocation::list(&db, &tenant(), &failed, 9).await.expect("a page").len(), 1);
        let nothing = invocation::Filter { states: Some(vec![]), ..Default::default() };
        assert_eq!(invocation::list(&db, &tenant(), &nothing, 9).await, Ok(vec![]));
        let document = invocation::Filter {
            document_name: Some("AWS-RunShellScript".to_owned()),
            command_id: Some(id.clone()),
            node_id: Some(nodes[1].to_string()),
            after_ms: Some(NOW - 1),
            before_ms: Some(NOW + 1),
            ..Default::default()
        };
        assert_eq!(invocation::list(&db, &tenant(), &document, 9).await.expect("a page").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn targets_are_found_by_ids_and_by_tags() {
    on_each_engine(|db| async move {
        let mut nodes: Vec<_> = (0..3).map(|_| ManagedNodeId::random()).collect();
        nodes.sort();
        for (node, tags) in nodes.iter().zip([&[("Role", "web"), ("Env", "x")][..], &[("Role", "db")], &[]]) {
            let mut batch = managed_node::insert(&Registration {
                id: node.clone(),
                tenant: tenant(),
                activation_id: None,
                name: None,
                iam_role: "role".to_owned(),
                registered_ms: NOW,
                fingerprint: "f".to_owned(),
                public_key: vec![1],
                public_key_type: "Rsa".to_owned(),
            });
            let tags: Vec<_> = tags
                .iter()
                .map(|(key, value)| Tag { key: (*key).to_owned(), value: (*value).to_owned() })
                .collect();
            let tenant = tenant();
            batch.append(tag::put(Resource::node(&tenant, node), &tags, 50));
            db.write(batch).await.expect("a node is stored");
        }
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let role = |values: &[&str]| Condition::Tag { key: "Role".to_owned(), values: own(values) };
        for (conditions, expected) in [
            (vec![], vec![0, 1, 2]),
            (vec![role(&["web", "db"])], vec![0, 1]),
            (vec![role(&["web"]), Condition::TagKey(own(&["Env"]))], vec![0]),
            (vec![role(&["db"]), Condition::TagKey(own(&["Env"]))], vec![]),
            (vec![Condition::TagKey(own(&["Env", "Role"]))], vec![0, 1]),
            (vec![Condition::Ids(vec![nodes[2].to_string(), "mi-0".to_owned()])], vec![2]),
            (vec![Condition::Ids(vec![])], vec![]),
        ] {
            let found = resolve(&db, &tenant(), &conditions).await.expect("a read");
            let found: Vec<_> = found.into_iter().map(|candidate| candidate.node_id).collect();
            let expected: Vec<_> = expected.iter().map(|index: &usize| nodes[*index].clone()).collect();
            assert_eq!(found, expected, "{conditions:?}");
        }
        let elsewhere = Tenant { region: Region::parse("eu-west-1").expect("a region"), ..tenant() };
        assert_eq!(resolve(&db, &elsewhere, &[]).await, Ok(vec![]));
    })
    .await;
}
