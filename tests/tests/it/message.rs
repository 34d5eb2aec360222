//! Messages through a real conversation: mail by SMTP to `aiosmtpd`, SMS by signed HTTP.

use entity::keys;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use tests::client::{PASSWORD, Person, sign_up, text, unique};
use tests::servers::free_port;
use tests::{Setup, World};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use worker::mail::Mail;
use worker::sms::Sms;

/// A mail server that prints what it gets.
struct Post {
    process: Child,
    printed: Arc<Mutex<Vec<String>>>,
}

impl Drop for Post {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

impl Post {
    fn start(port: u16) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let arguments =
            ["-u", "-m", "aiosmtpd", "-n", "-l", &listen, "-c", "aiosmtpd.handlers.Debugging", "stdout"];
        let mut process = Command::new("/usr/bin/python3")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3 is missing: apt-get install python3-aiosmtpd");
        let (printed, lines) =
            (Arc::<Mutex<Vec<String>>>::default(), BufReader::new(process.stdout.take().unwrap()));
        let heard = printed.clone();
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                heard.lock().unwrap().push(line);
            }
        });
        Self { process, printed }
    }

    fn lines(&self, start: &str) -> Vec<String> {
        let printed = self.printed.lock().unwrap();
        printed.iter().filter(|line| line.starts_with(start)).cloned().collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_goes_out_by_smtp_once_the_server_is_there() {
    let port = free_port();
    let mail = Mail::new(&format!("smtp://127.0.0.1:{port}"), "OKPay <no-reply@okpay.example>").unwrap();
    let world = World::open_with(Setup::Embedded, |gateways| worker::gateway::Gateways {
        mail: Arc::new(mail),
        ..gateways
    })
    .await;
    let handle = json!({ "email": format!("post{}@example.com", unique()) });
    // Nobody listens yet: the message waits in the outbox and is tried again.
    let id = sign_up(&world.client(), &handle).await;
    let post = Post::start(port);
    let code = world
        .until(|| async {
            let subject = post.lines("Subject: ").first()?.clone();
            subject.split(' ').nth(1).filter(|code| code.len() == 6).map(str::to_owned)
        })
        .await;
    let shown = json!({ "verificationId": id, "code": code });
    world.client().act("activateUser", "user { state }", shown).await;
    let ids = post.lines("Message-ID: ");
    assert!(ids.len() == 1 && ids[0].ends_with("@okpay.example>"), "{ids:?}");
    assert_eq!(post.lines("Auto-Submitted: "), ["Auto-Submitted: auto-generated"]);
    assert_eq!(post.lines("From: "), ["From: OKPay <no-reply@okpay.example>"]);
    assert_eq!(post.lines("To: "), [format!("To: {}", text(&handle["email"]))]);
    world.close().await;
}

/// Takes one request and answers it with a status; gives its head and its body.
async fn take(listener: &TcpListener, status: &str) -> (String, String) {
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    let (head, length) = loop {
        let mut buffer = [0; 4_096];
        let count = socket.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..count]);
        let all = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = all.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            break (head.to_owned(), length.unwrap().parse::<usize>().unwrap());
        }
    };
    while bytes.len() < head.len() + 4 + length {
        let mut buffer = [0; 4_096];
        let count = socket.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..count]);
    }
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    socket.write_all(answer.as_bytes()).await.unwrap();
    (head.to_lowercase(), String::from_utf8_lossy(&bytes[head.len() + 4..]).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sms_go_out_signed_and_again_under_the_same_id() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/sms", listener.local_addr().unwrap());
    let sms = Sms::new(&url, "shared secret", entity::clock::Clock::system()).unwrap();
    let world = World::open_with(Setup::Embedded, |gateways| worker::gateway::Gateways {
        sms: Arc::new(sms),
        ..gateways
    })
    .await;
    let handle = json!({ "phone": "+49 151 23456789" });
    let form = json!({
        "handle": handle, "name": "Somebody", "password": PASSWORD, "acceptedTermsVersion": "2026-11-01",
        "language": "ZH", "timeZone": "Asia/Shanghai",
    });
    let answer = world.client().act("signUp", "verification { verificationId }", form).await;
    let failed = tokio::spawn(async move {
        let failed = take(&listener, "503 Service Unavailable").await;
        (failed, take(&listener, "202 Accepted").await)
    });
    let requests = world.until(|| async { failed.is_finished().then_some(()) });
    requests.await;
    let ((first, _), (head, body)) = failed.await.unwrap();
    let header = |head: &str, name: &str| {
        head.lines().find_map(|line| line.strip_prefix(name).map(|value| value.trim().to_owned())).unwrap()
    };
    let id = header(&head, "webhook-id:");
    assert_eq!(header(&first, "webhook-id:"), id);
    let sent: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&sent["to"], text(&sent["id"])), (&json!("+4915123456789"), id.as_str()));
    assert!(text(&sent["text"]).contains("验证码"), "{sent}");
    let signed = format!("{id}.{}.{body}", header(&head, "webhook-timestamp:"));
    let signature = keys::signature(b"shared secret", signed.as_bytes());
    // The head was made lower case, and base64 is not.
    assert_eq!(header(&head, "webhook-signature:"), format!("v1,{signature}").to_lowercase());
    let shown = json!({ "verificationId": answer["verification"]["verificationId"], "code": text(&sent["text"])[..6] });
    world.client().act("activateUser", "user { state }", shown).await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_whose_code_has_expired_is_not_sent() {
    let mut world = World::open(Setup::Embedded).await;
    world.crash_workers().await;
    let handle = json!({ "email": format!("late{}@example.com", unique()) });
    sign_up(&world.client(), &handle).await;
    world.bank.clock.advance(chrono::Duration::minutes(11));
    world.start_worker().await;
    assert_eq!(world.messages(&handle).await, Vec::new());
    let alice = Person::join(&world).await;
    assert_eq!(world.messages(&alice.handle).await.len(), 1);
    world.close().await;
}
