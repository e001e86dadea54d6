//! Tells the server from time to time that this node lives, and what it is.

use crate::api::{Api, HeartBeat};
use crate::credentials::Keeper;
use crate::identity::Identity;
use crate::{platform, random, version};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::watch;

/// Wait after a failed heart-beat; the regular one comes anyway.
const RETRY: Duration = Duration::from_secs(30);

/// What the node is now. Asked for each time: names and addresses change.
pub(crate) fn current(identity: &Identity, connected: bool) -> HeartBeat {
    let release = platform::os_release();
    HeartBeat {
        agent_name: version::WIRE_NAME,
        agent_status: "Active",
        agent_version: version::ON_THE_WIRE,
        computer_name: platform::host_name(),
        ip_address: platform::primary_address().to_string(),
        instance_id: identity.node.to_string(),
        platform_name: release.name,
        platform_type: "Linux",
        platform_version: release.version,
        ssm_connection_channel: if connected { "ssmmessages" } else { "" },
    }
}

/// Sends heart-beats for ever: at the start, whenever the control channel has opened, and every `period`.
pub(crate) async fn run(
    identity: Rc<Identity>,
    api: Rc<Api>,
    keeper: Rc<Keeper>,
    mut connected: watch::Receiver<bool>,
    period: Duration,
) {
    loop {
        let open = *connected.borrow_and_update();
        let credentials = keeper.get().await;
        let sent = api.heart_beat(&identity.endpoints.ssm, &current(&identity, open), &credentials).await;
        let pause = match sent {
            Ok(()) => random::between(period.mul_f32(0.9), period),
            Err(error) => {
                keeper.distrust(&error);
                tracing::warn!("the heart-beat failed: {error}");
                random::between(RETRY, RETRY * 2).min(period)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = opened(&mut connected) => {}
        }
    }
}

/// Returns when the channel has become open. Its closing is no news: the server has noticed it by itself.
async fn opened(connected: &mut watch::Receiver<bool>) {
    if connected.wait_for(|open| !open).await.is_err() || connected.wait_for(|open| *open).await.is_err() {
        std::future::pending::<()>().await;
    }
}
