//! Calls that end what they began: a handler runs on its connection's task, and if the client hangs up meanwhile, on
//! a task of its own. Not for: what handlers do.

use futures_util::FutureExt as _;
use std::{
    any::Any,
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::runtime::Handle;

type Caught<T> = Result<T, Box<dyn Any + Send>>;

/// A future that is polled to its end even if nobody waits for it any more. It gives the panic of the inner one, if
/// that panics.
///
/// Spawning each call would do as well, and costs two switches between threads for each: half the time of a read.
pub(super) struct Completion<T: Send + 'static> {
    running: Option<Pin<Box<dyn Future<Output = Caught<T>> + Send>>>,
}

impl<T: Send + 'static> Completion<T> {
    pub(super) fn of(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self { running: Some(Box::pin(AssertUnwindSafe(future).catch_unwind())) }
    }
}

impl<T: Send + 'static> Future for Completion<T> {
    type Output = Caught<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Polled after its end it would only wait: there is nothing left to run.
        let Some(running) = self.running.as_mut() else { return Poll::Pending };
        let polled = running.as_mut().poll(context);
        if polled.is_ready() {
            self.running = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Completion<T> {
    fn drop(&mut self) {
        if let (Some(running), Ok(runtime)) = (self.running.take(), Handle::try_current()) {
            runtime.spawn(running);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Completion;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn a_dropped_call_ends_all_the_same() {
        let (go, gone) = oneshot::channel();
        let (told, tell) = oneshot::channel();
        let mut call = Box::pin(Completion::of(async move {
            let _ = gone.await;
            let _ = told.send(());
        }));
        assert!(futures_util::poll!(&mut call).is_pending());
        drop(call);
        go.send(()).unwrap();
        tell.await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_is_given_back() {
        let call = Completion::of(async { panic!("a fault of the handler") });
        let caught: Result<(), _> = call.await;
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"a fault of the handler"));
    }
}
