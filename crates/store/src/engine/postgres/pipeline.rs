//! Sending several statements without waiting for the answer of each.

use super::failure::{Failure, Lost};
use crate::engine::{Row, StoreError, Value};
use futures_util::{
    TryStreamExt,
    future::{MaybeDone, maybe_done},
};
use std::{future::poll_fn, pin::Pin, pin::pin, task::Poll};
use tokio_postgres::{Client, Column, Statement};

/// Something to send.
pub(super) enum Order<'a> {
    /// A command without parameters and rows.
    Command(&'static str),
    /// A prepared statement with its parameters.
    Run(&'a Statement, &'a [Value]),
}

/// The rows of a statement and how many it touched.
pub(super) type Answer = Result<(Vec<Row>, u64), Fault>;

/// Why a statement has no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server's or the connection's failure.
    Server(tokio_postgres::Error),
    /// A column that Muster cannot read.
    Column(String),
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Fault {
        Fault::Server(error)
    }
}

impl Fault {
    /// As a failure of the statement at this index.
    pub(super) fn into_failure(self, index: usize, lost: Lost) -> Failure {
        match self {
            Fault::Server(error) => Failure::of(index, &error, lost),
            Fault::Column(reason) => Failure::Final(StoreError::Corrupt(reason)),
        }
    }
}

/// Sends all orders at once; gives their answers in the same order.
pub(super) async fn send<'a>(client: &Client, orders: impl Iterator<Item = Order<'a>>) -> Vec<Answer> {
    let mut sent: Vec<Pin<Box<MaybeDone<_>>>> =
        orders.map(|order| Box::pin(maybe_done(one(client, order)))).collect();
    // The first poll of each writes its message, so this fixes their order on the wire.
    poll_fn(|context| {
        for answer in &mut sent {
            let _ = answer.as_mut().poll(context);
        }
        Poll::Ready(())
    })
    .await;
    let mut answers = Vec::with_capacity(sent.len());
    for mut answer in sent {
        answer.as_mut().await;
        answers.extend(answer.as_mut().take_output());
    }
    answers
}

async fn one(client: &Client, order: Order<'_>) -> Answer {
    let (statement, params) = match order {
        Order::Command(sql) => return Ok(client.batch_execute(sql).await.map(|()| (Vec::new(), 0))?),
        Order::Run(statement, params) => (statement, params),
    };
    let stream = client.query_raw(statement, params).await?;
    let mut stream = pin!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.as_mut().try_next().await? {
        let column = |i: usize| {
            row.try_get(i).map_err(|e| {
                let kind = row.columns().get(i).map_or("?", |c: &Column| c.type_().name());
                Fault::Column(format!("column {i} of type {kind} cannot be read: {e}"))
            })
        };
        rows.push(Row::new((0..row.len()).map(column).collect::<Result<_, _>>()?));
    }
    let touched = stream.rows_affected().unwrap_or(0);
    Ok((rows, touched))
}
