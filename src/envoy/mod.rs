//! Face 1: the gate as a proxy-wasm filter in Envoy. Translates, and decides nothing.

mod board;
mod checker;
mod claims;
mod fetches;
mod host;
mod passed;
mod question;
mod summary;
mod visit;
mod worker;

use std::cell::RefCell;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};

use passed::Piece;
use worker::{Next, Worker};

#[cfg(target_os = "wasi")]
mod start {
    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|context| Box::new(super::Root::new(context)));
    }}
}

/// One plugin configuration on one worker thread.
struct Root {
    context: u32,
    worker: Option<Rc<RefCell<Worker>>>,
}

/// One request.
struct Stream {
    context: u32,
    worker: Option<Rc<RefCell<Worker>>>,
}

#[cfg_attr(
    not(target_os = "wasi"),
    expect(dead_code, reason = "only the module has an entry point")
)]
impl Root {
    fn new(context: u32) -> Self {
        Self { context, worker: None }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        match host::plugin_configuration().and_then(|text| Worker::new(self.context, &text)) {
            Ok(worker) => {
                self.worker = Some(Rc::new(RefCell::new(worker)));
                true
            }
            Err(fault) => {
                host::log(LogLevel::Error, &format!("waxseal: configuration refused: {fault}"));
                false
            }
        }
    }

    fn on_tick(&mut self) {
        with(self.worker.as_ref(), Worker::tick);
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream { context, worker: self.worker.clone() }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl Context for Root {
    fn on_http_call_response(
        &mut self,
        token: u32,
        _headers: usize,
        body: usize,
        _trailers: usize,
    ) {
        with(self.worker.as_ref(), |worker| worker.replied(token, body));
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, ends: bool) -> Action {
        self.after(|worker, stream| worker.arrived(stream, ends))
    }

    /// Reached while the headers are held only with `allow_on_headers_stop_iteration`.
    fn on_http_request_body(&mut self, size: usize, ends: bool) -> Action {
        self.after(|worker, stream| worker.shown(stream, size, ends))
    }

    fn on_http_response_headers(&mut self, _count: usize, ends: bool) -> Action {
        with(self.worker.as_ref(), |worker| worker.answered(self.context, ends));
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, ends: bool) -> Action {
        self.reply(|worker, stream| worker.streamed(stream, size, ends))
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        self.reply(|worker, stream| worker.reply_trailed(stream))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        self.after(Worker::trailed)
    }
}

impl Stream {
    fn after(&self, act: impl FnOnce(&mut Worker, u32) -> Next) -> Action {
        match with(self.worker.as_ref(), |worker| act(worker, self.context)) {
            Some(Next::Pass) => Action::Continue,
            Some(Next::Ended | Next::Held) => Action::Pause,
            None => {
                host::unavailable();
                Action::Pause
            }
        }
    }

    fn reply(&self, act: impl FnOnce(&mut Worker, u32) -> Piece) -> Action {
        match with(self.worker.as_ref(), |worker| act(worker, self.context)) {
            Some(Piece::Passes) => Action::Continue,
            // The headers have gone: Envoy resets the stream.
            Some(Piece::Fails) | None => {
                host::unavailable();
                Action::Pause
            }
        }
    }
}

/// The answer to a claim that the stream itself has sent.
impl Context for Stream {
    fn on_http_call_response(
        &mut self,
        token: u32,
        _headers: usize,
        body: usize,
        _trailers: usize,
    ) {
        with(self.worker.as_ref(), |worker| worker.replied(token, body));
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        with(self.worker.as_ref(), |worker| worker.left(self.context));
    }
}

/// Envoy calls one callback at a time; should it ever not, the second finds nothing and denies.
fn with<T>(worker: Option<&Rc<RefCell<Worker>>>, act: impl FnOnce(&mut Worker) -> T) -> Option<T> {
    Some(act(&mut *worker?.try_borrow_mut().ok()?))
}
