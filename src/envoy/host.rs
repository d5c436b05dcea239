//! Envoy's host calls as functions that return a value. The SDK's own panic on a status that they
//! do not expect, and on a header that is not UTF-8: after one trap the worker answers 503 for good.
#![expect(unsafe_code, reason = "the proxy-wasm ABI 0.2.1 is a set of imported functions")]
#![expect(clippy::as_conversions, reason = "the SDK's enums are the ABI's u32")]

use std::ptr::null_mut;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel, MapType, Status};

use crate::{Reply, UnixTime};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, text: *const u8, size: usize) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        limit: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_buffer_bytes(
        buffer: u32,
        start: usize,
        size: usize,
        data: *const u8,
        data_size: usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        version: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        data: *const u8,
        size: usize,
        version: u32,
    ) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, metric: *mut u32) -> u32;
    fn proxy_increment_metric(metric: u32, offset: i64) -> u32;
    fn proxy_continue_stream(stream: u32) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        arguments: *const u8,
        arguments_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
}

/// Header fields: name, value.
pub type Headers = Vec<(String, Vec<u8>)>;

/// A host call that failed, with its status.
type Outcome<T> = Result<T, u32>;

const OK: u32 = Status::Ok as u32;
const HTTP_REQUEST: u32 = 0;
const REQUEST: u32 = MapType::HttpRequestHeaders as u32;
const RESPONSE: u32 = MapType::HttpResponseHeaders as u32;
const NO_GRPC_STATUS: i32 = -1;
const COUNTER: u32 = 0;

/// Writes to Envoy's log; a log that fails stops nothing.
pub fn log(level: LogLevel, text: &str) {
    // SAFETY: pointer and size describe `text`, which outlives the call.
    unsafe { proxy_log(level as u32, text.as_ptr(), text.len()) };
}

fn nanoseconds() -> Option<u64> {
    let mut time = 0;
    // SAFETY: the host writes one u64.
    (unsafe { proxy_get_current_time_nanoseconds(&raw mut time) } == OK).then_some(time)
}

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn milliseconds() -> Option<u64> {
    nanoseconds().map(|time| time / 1_000_000)
}

/// Envoy's clock.
pub fn now() -> Option<UnixTime> {
    let seconds = i64::try_from(nanoseconds()? / 1_000_000_000).ok()?;
    Some(UnixTime::from_seconds(seconds))
}

/// How often the root ticks, in milliseconds; 0 stops it.
pub fn set_tick(period: u32) {
    // SAFETY: no pointers. Only Envoy's own restriction of capabilities can make it fail; held
    // requests then end with the client's patience.
    unsafe { proxy_set_tick_period_milliseconds(period) };
}

/// The plugin's configuration.
pub fn plugin_configuration() -> Result<Vec<u8>, String> {
    buffer(BufferType::PluginConfiguration, usize::MAX)
        .map_err(|status| format!("Envoy does not hand it over (status {status})"))
}

/// The request's headers, pseudo-headers included.
pub fn request_headers() -> Outcome<Headers> {
    header_map(MapType::HttpRequestHeaders)
}

/// The request's body, of which Envoy has so many bytes.
pub fn request_body(size: usize) -> Outcome<Vec<u8>> {
    body(BufferType::HttpRequestBody, size)
}

/// The piece of the reply's body that is here: so many bytes.
pub fn response_body(size: usize) -> Outcome<Vec<u8>> {
    body(BufferType::HttpResponseBody, size)
}

/// Puts other bytes in the place of that piece.
pub fn replace_response_body(size: usize, by: &[u8]) -> Outcome<()> {
    let buffer = BufferType::HttpResponseBody as u32;
    // SAFETY: pointer and size describe `by`, which outlives the call.
    done(unsafe { proxy_set_buffer_bytes(buffer, 0, size, by.as_ptr(), by.len()) })
}

/// The reply's headers, pseudo-headers included.
pub fn response_headers() -> Outcome<Headers> {
    header_map(MapType::HttpResponseHeaders)
}

/// Removes a header from the reply; one that is not there needs no removal.
pub fn remove_response_header(name: &str) {
    // SAFETY: pointer and size describe `name`, which outlives the call.
    unsafe { proxy_remove_header_map_value(RESPONSE, name.as_ptr(), name.len()) };
}

fn body(kind: BufferType, size: usize) -> Outcome<Vec<u8>> {
    if size == 0 {
        return Ok(Vec::new());
    }
    let body = buffer(kind, size)?;
    // Less would be another body.
    if body.len() == size { Ok(body) } else { Err(Status::Empty as u32) }
}

/// The dynamic metadata that other filters have given the request: a serialised
/// `envoy.config.core.v3.Metadata`.
pub fn dynamic_metadata() -> Outcome<Vec<u8>> {
    let path = "metadata";
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: `path` outlives the call; the host writes one pointer and one size.
    done(unsafe { proxy_get_property(path.as_ptr(), path.len(), &raw mut data, &raw mut size) })?;
    Ok(taken(data, size))
}

/// A counter of Envoy's; all workers share those of one name.
pub struct Counter(u32);

impl Counter {
    /// Defines it; `None` where Envoy gives none, since a count that fails stops nothing.
    pub fn named(name: &str) -> Option<Self> {
        let mut metric = 0;
        // SAFETY: `name` outlives the call; the host writes one u32.
        done(unsafe { proxy_define_metric(COUNTER, name.as_ptr(), name.len(), &raw mut metric) })
            .ok()?;
        Some(Self(metric))
    }

    /// Counts one more.
    pub fn count(&self) {
        // SAFETY: no pointers.
        unsafe { proxy_increment_metric(self.0, 1) };
    }
}

/// Removes all fields of a name from the request.
pub fn remove_request_header(name: &str) -> Outcome<()> {
    // SAFETY: pointer and size describe `name`, which outlives the call.
    done(unsafe { proxy_remove_header_map_value(REQUEST, name.as_ptr(), name.len()) })
}

/// Removes all fields of the chosen names from the request's trailers.
pub fn strip_request_trailers(chosen: impl Fn(&str) -> bool) {
    let map = MapType::HttpRequestTrailers;
    for (name, _) in header_map(map).unwrap_or_default() {
        if chosen(&name) {
            // SAFETY: pointer and size describe `name`, which outlives the call.
            unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) };
        }
    }
}

/// Adds a field to the request.
pub fn add_request_header(name: &str, value: &[u8]) -> Outcome<()> {
    add_header(REQUEST, name, value)
}

/// Sets a header of the reply, in place of the upstream's; a reply that is gone needs none.
pub fn set_response_header(name: &str, value: &str) {
    remove_response_header(name);
    add_response_header(name, value);
}

/// Adds a header to the reply; a reply that is gone needs none.
pub fn add_response_header(name: &str, value: &str) {
    let _ = add_header(RESPONSE, name, value.as_bytes());
}

fn add_header(map: u32, name: &str, value: &[u8]) -> Outcome<()> {
    // SAFETY: each pointer and size describe a value that outlives the call.
    done(unsafe {
        proxy_add_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    })
}

/// The version of a value that is not there: whatever it is, only the first is let in, and no
/// value ever comes to have it.
pub const ABSENT: u32 = u32::MAX;

/// A value that all workers see, and its version.
pub fn shared(key: &str) -> Option<(Vec<u8>, u32)> {
    let (mut data, mut size, mut version) = (null_mut(), 0, 0);
    // SAFETY: `key` outlives the call; the host writes one pointer, one size and one version.
    done(unsafe {
        proxy_get_shared_data(
            key.as_ptr(),
            key.len(),
            &raw mut data,
            &raw mut size,
            &raw mut version,
        )
    })
    .ok()?;
    Some((taken(data, size), version))
}

/// Shares a value; with a version, only if nobody has changed it since.
pub fn share(key: &str, value: &[u8], version: Option<u32>) -> bool {
    let version = version.unwrap_or(0);
    // SAFETY: each pointer and size describe a value that outlives the call.
    let status = unsafe {
        proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), version)
    };
    done(status).is_ok()
}

/// What a function of Envoy's own returns.
pub fn call_function(name: &str, arguments: &[u8]) -> Outcome<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: `name` and `arguments` outlive the call; the host writes one pointer and one size.
    done(unsafe {
        proxy_call_foreign_function(
            name.as_ptr(),
            name.len(),
            arguments.as_ptr(),
            arguments.len(),
            &raw mut data,
            &raw mut size,
        )
    })?;
    Ok(taken(data, size))
}

/// Chooses the context that the next calls act for.
pub fn act_for(context: u32) -> Outcome<()> {
    // SAFETY: no pointers.
    done(unsafe { proxy_set_effective_context(context) })
}

/// Lets a held request go on.
pub fn resume() {
    // SAFETY: no pointers. It fails only for a stream that has ended.
    unsafe { proxy_continue_stream(HTTP_REQUEST) };
}

/// Answers the request; `details` becomes `%RESPONSE_CODE_DETAILS%`.
pub fn reply(reply: &Reply, details: &str) {
    let fields = reply.headers.iter();
    let headers = encoded(fields.map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    local_response(reply.status, details, &reply.body, &headers);
}

/// The last resort, where Envoy does not even hand the request over.
pub fn unavailable() {
    let headers = [("retry-after".as_bytes(), "60".as_bytes())];
    local_response(503, "host_failed", "", &encoded(headers.into_iter()));
}

fn local_response(status: u16, details: &str, body: &str, headers: &[u8]) {
    // SAFETY: each pointer and size describe a value that outlives the call.
    unsafe {
        proxy_send_local_response(
            status.into(),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    };
}

/// A call through a cluster.
pub struct Call<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// Where to.
    pub uri: &'a str,
    /// The cluster that leads there.
    pub cluster: Option<&'a str>,
    /// The value of its `Authorization` header: a secret.
    pub authorization: Option<&'a str>,
    /// Its body, with the type before it: a secret.
    pub content: Option<(&'a str, &'a str)>,
    /// Seconds that it may take.
    pub timeout: u32,
}

/// Sends a call from the current context; the number comes back with the reply.
pub fn dispatch(call: &Call<'_>) -> Result<u32, String> {
    let cluster = call.cluster.unwrap_or_default();
    let (scheme, rest) = call.uri.split_once("://").unwrap_or(("https", call.uri));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let path = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    let mut headers = vec![
        (":method", call.method),
        (":scheme", scheme),
        (":authority", authority),
        (":path", path.as_str()),
        ("accept", "application/json"),
        // An old claim lets a replay in, an old key set keeps a new key out.
        ("cache-control", "no-cache"),
    ];
    headers.extend(call.authorization.map(|value| ("authorization", value)));
    headers.extend(call.content.map(|(value, _)| ("content-type", value)));
    let body = call.content.map(|(_, body)| body.as_bytes());
    // The SDK must see the call's number, or it could not route the reply. This call of its does
    // not panic on any status that Envoy gives.
    let timeout = Duration::from_secs(call.timeout.into());
    hostcalls::dispatch_http_call(cluster, headers, body, Vec::new(), timeout)
        .map_err(|status| format!("cluster `{cluster}` cannot be called: {status:?}"))
}

/// The call whose reply is here: status, `Cache-Control`, body; `None` where there was no reply.
pub fn replied(limit: usize) -> Option<(u16, Option<String>, Vec<u8>)> {
    let headers = header_map(MapType::HttpCallResponseHeaders).ok()?;
    let text = |wanted: &str| {
        let fields = headers.iter().filter(|(name, _)| name == wanted);
        let values: Vec<_> = fields.map(|(_, value)| String::from_utf8_lossy(value)).collect();
        (!values.is_empty()).then(|| values.join(", "))
    };
    let status = text(":status")?.parse().ok()?;
    let body = match limit {
        0 => Vec::new(),
        _ => buffer(BufferType::HttpCallResponseBody, limit).ok()?,
    };
    Some((status, text("cache-control"), body))
}

fn buffer(buffer: BufferType, limit: usize) -> Outcome<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host writes one pointer and one size.
    done(unsafe { proxy_get_buffer_bytes(buffer as u32, 0, limit, &raw mut data, &raw mut size) })?;
    Ok(taken(data, size))
}

fn header_map(map: MapType) -> Outcome<Headers> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host writes one pointer and one size.
    done(unsafe { proxy_get_header_map_pairs(map as u32, &raw mut data, &raw mut size) })?;
    decoded(&taken(data, size)).ok_or(Status::SerializationFailure as u32)
}

/// Takes over what the host has written into memory that it had us allocate.
fn taken(data: *mut u8, size: usize) -> Vec<u8> {
    if data.is_null() {
        return Vec::new();
    }
    // SAFETY: `proxy_on_memory_allocate` made it as a boxed slice of `size` bytes, and the host
    // has handed it over.
    unsafe { Vec::from_raw_parts(data, size, size) }
}

fn done(status: u32) -> Outcome<()> {
    if status == OK { Ok(()) } else { Err(status) }
}

/// The ABI's header map: the number of pairs, all sizes, then names and values, each with a NUL.
fn encoded<'a>(pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    let pairs: Vec<_> = pairs.collect();
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let mut map = size(pairs.len()).to_vec();
    for (name, value) in &pairs {
        map.extend(size(name.len()));
        map.extend(size(value.len()));
    }
    for part in pairs.iter().flat_map(|(name, value)| [name, value]) {
        map.extend_from_slice(part);
        map.push(0);
    }
    map
}

fn decoded(map: &[u8]) -> Option<Headers> {
    if map.is_empty() {
        return Some(Vec::new());
    }
    let (count, mut sizes) = number(map)?;
    let mut parts = sizes.get(count.checked_mul(8)?..)?;
    // What does not fit was no count.
    let mut headers = Vec::with_capacity(count.min(map.len() / 8));
    for _ in 0..count {
        let (name, rest) = number(sizes)?;
        let (value, rest) = number(rest)?;
        sizes = rest;
        let name = part(&mut parts, name)?;
        let value = part(&mut parts, value)?.to_vec();
        let name = String::from_utf8(name.to_vec());
        let name =
            name.unwrap_or_else(|name| String::from_utf8_lossy(name.as_bytes()).into_owned());
        headers.push((name, value));
    }
    Some(headers)
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

fn part<'a>(parts: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let (part, rest) = parts.split_at_checked(size)?;
    *parts = rest.get(1..)?;
    Some(part)
}
