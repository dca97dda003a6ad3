//! The end of the redirect: a listener on this computer that waits for one response (RFC 8252, section 7.3).

use std::borrow::Cow;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// A listener at a port that the system chose.
pub(crate) struct Loopback {
    listener: TcpListener,
    address: SocketAddr,
}

/// The parameters of the redirect.
struct Response {
    code: Option<String>,
    error: Option<String>,
    issuer: Option<String>,
}

impl Loopback {
    /// Listens on 127.0.0.1, or on ::1 if the computer has no IPv4.
    pub(crate) fn bind() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .or_else(|_| TcpListener::bind((Ipv6Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The redirect URI of the request.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Waits for the response with this `state` from this issuer (RFC 9207), and returns its code.
    pub(crate) fn wait_for_code(self, state: &str, issuer: &str) -> Result<String, Box<dyn Error>> {
        let (sender, receiver) = channel();
        let (listener, host, state) = (self.listener, self.address.to_string(), state.to_owned());
        std::thread::spawn(move || serve(&listener, &host, &state, &sender));
        let response =
            receiver.recv_timeout(PATIENCE).map_err(|_| "nothing was confirmed within five minutes")?;
        match response {
            Response { issuer: from, .. } if from.as_deref() != Some(issuer) => {
                Err(format!("the response is not from {issuer}").into())
            }
            Response { code: Some(code), error: None, .. } => Ok(code),
            Response { error: Some(error), .. } if error == "access_denied" => {
                Err("cancelled in the browser".into())
            }
            Response { error, .. } => {
                Err(format!("the site rejected the request: {}", error.unwrap_or_default()).into())
            }
        }
    }
}

/// Answers connections until one brings the response. Any program of this computer can connect, so a wrong request ends
/// nothing.
fn serve(listener: &TcpListener, host: &str, state: &str, found: &Sender<Response>) {
    for connection in listener.incoming().flatten() {
        if let Ok(Some(response)) = answer(&connection, host, state) {
            // The program may have given up.
            drop(found.send(response));
            return;
        }
    }
}

fn answer(mut connection: &TcpStream, host: &str, state: &str) -> io::Result<Option<Response>> {
    connection.set_read_timeout(Some(REQUEST_TIME))?;
    connection.set_write_timeout(Some(REQUEST_TIME))?;
    let head = read_head(connection)?;
    let response = parse(&head, host, state);
    let (status, title, text) = match &response {
        Some(Response { error: None, .. }) => {
            ("200 OK", "Confirmed", "Go back to your terminal. You can close this page.")
        }
        Some(_) => ("200 OK", "Not signed in", "Nothing was confirmed. You can close this page."),
        None => ("404 Not Found", "Nothing here", "This program waits for another page."),
    };
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title><h1>{title}</h1><p>{text}</p></html>"
    );
    write!(
        connection,
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
         content-security-policy: default-src 'none'; frame-ancestors 'none'\r\nreferrer-policy: no-referrer\r\n\
         cache-control: no-store\r\nconnection: close\r\n\r\n{page}",
        page.len()
    )?;
    Ok(response)
}

/// Reads the head of a request, at most [`MAX_HEAD_BYTES`].
fn read_head(connection: &TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut limited = connection.take(MAX_HEAD_BYTES);
    let mut chunk = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match limited.read(&mut chunk)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            got => head.extend(chunk.iter().take(got)),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// The response in a request for our path with our `state`. The name in `Host` must be the address: a page of another site
/// could send a request to a name that resolves to it.
fn parse(head: &str, host: &str, state: &str) -> Option<Response> {
    let mut lines = head.split("\r\n");
    let target = lines.next()?.strip_prefix("GET ")?.split(' ').next()?;
    let (PATH, query) = target.split_once('?')? else { return None };
    let is_host = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim() == host)
    };
    if lines.find_map(is_host) != Some(true) {
        return None;
    }
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let parameter = |name: &str| {
        pairs.iter().find(|(other, _)| other == name).map(|(_, value)| Cow::clone(value).into_owned())
    };
    if parameter("state").as_deref() != Some(state) {
        return None;
    }
    Some(Response { code: parameter("code"), error: parameter("error"), issuer: parameter("iss") })
}

const PATH: &str = "/callback";
/// As long as a person looks for a security key.
const PATIENCE: Duration = Duration::from_mins(5);
/// The browser is on the same computer.
const REQUEST_TIME: Duration = Duration::from_secs(5);
/// Longer than any head that a browser sends.
const MAX_HEAD_BYTES: u64 = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "127.0.0.1:49152";

    fn code(target: &str, host: &str) -> Option<String> {
        parse(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\naccept: */*\r\n\r\n"), HOST, "abc")?.code
    }

    #[test]
    fn only_our_path_host_and_state_bring_a_code() {
        let target = "/callback?code=A%2DB&state=abc&iss=https%3A%2F%2Fexample.org";
        assert_eq!(code(target, HOST).as_deref(), Some("A-B"));
        for wrong in
            ["/callback", "/favicon.ico?code=A&state=abc", "/callback?code=A", "/callback?code=A&state=ab"]
        {
            assert_eq!(code(wrong, HOST), None, "{wrong}");
        }
        assert_eq!(code(target, "evil.example:49152"), None);
        let post = format!("POST {target} HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
        assert!(parse(&post, HOST, "abc").is_none());
    }
}
