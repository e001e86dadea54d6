//! The pool of connections and what each of them is set to.

use super::failure::{Failure, Lost};
use crate::engine::StoreError;
use deadpool_postgres::{
    Client, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use std::{error::Error, time::Duration};
use tokio_postgres::{Config, NoTls, config::SslMode};

/// How long to wait for a free connection.
const WAIT: Duration = Duration::from_secs(30);
/// How long to wait for a new connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long data may stay unacknowledged before the connection counts as lost.
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// A pool that connects on demand.
pub(super) fn open(url: &str, connections: usize) -> Result<Pool, StoreError> {
    let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    Pool::builder(Manager::from_config(config(url)?, NoTls, manager))
        .max_size(connections)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(CONNECT))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|e| StoreError::Unavailable(e.to_string()))
}

fn config(url: &str) -> Result<Config, StoreError> {
    // The parser names the option it stumbled over, never its value.
    let mut config: Config = url.parse().map_err(|e: tokio_postgres::Error| {
        StoreError::BadUrl(e.source().map_or_else(|| e.to_string(), ToString::to_string))
    })?;
    if config.get_ssl_mode() == SslMode::Require {
        return Err(StoreError::BadUrl(
            "sslmode=require: Muster does not speak TLS to PostgreSQL yet; connect over a Unix socket, the loopback \
             address or a tunnel, with sslmode=disable"
                .to_owned(),
        ));
    }
    if config.get_application_name().is_none() {
        config.application_name("muster");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED);
    }
    Ok(config)
}

/// Takes a connection, waiting for one if all are busy.
pub(super) async fn take(pool: &Pool) -> Result<Client, Failure> {
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(e) => Failure::Final(Failure::of(0, &e, Lost::MayHaveHappened).into_store()),
        other => Failure::Final(StoreError::Unavailable(match other {
            PoolError::Timeout(TimeoutType::Wait) => "all connections to PostgreSQL are busy".to_owned(),
            PoolError::Timeout(_) => "PostgreSQL does not answer".to_owned(),
            PoolError::Closed => "the database is closed".to_owned(),
            other => other.to_string(),
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unusable_address_is_refused_without_its_password() {
        for url in [
            "postgres://u:hunter2@h/d?sslmode=require",
            "postgres://u:hunter2@h:port/d",
            "password=hunter2 host=h nonsense=hunter2",
            "host=h password='hunter2",
        ] {
            let error = config(url).unwrap_err();
            assert!(matches!(error, StoreError::BadUrl(_)), "{error:?}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
