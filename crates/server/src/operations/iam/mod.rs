//! IAM: identities and policies of an account. A folder holds the operations of one kind of identity; the files here hold
//! what several kinds share. Not for: what a policy means (the `policy` crate), or what callers may (`authority`).

mod access_key;
mod account;
mod attached;
mod boundary;
mod change;
mod conflict;
mod credential;
#[cfg(test)]
mod escalation;
mod group;
mod inline;
mod instance_profile;
mod managed_policy;
mod marker;
mod policy;
mod principal;
mod quota;
mod role;
mod service_linked_role;
mod simulation;
mod subject;
mod tags;
mod user;

use crate::dispatch::Router;

pub(crate) fn register(router: Router) -> Router {
    let kinds: [fn(Router) -> Router; 10] = [
        access_key::register,
        account::register,
        credential::register,
        group::register,
        instance_profile::register,
        policy::register,
        role::register,
        service_linked_role::register,
        simulation::register,
        user::register,
    ];
    kinds.into_iter().fold(router, |router, register| register(router))
}
