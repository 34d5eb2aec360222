//! What notices say, in each language. Messages carry no links to sign in with, and the person's own
//! phrase if it has set one: a message without it is not from us.

use super::{CodePurpose, Notice};
use crate::clock::Time;
use crate::language::{Language, Locale};

/// A message as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// One line.
    pub subject: String,
    /// What it says.
    pub body: String,
}

/// What a notice of a moment says.
pub fn text(notice: &Notice, locale: &Locale, at: Time) -> Text {
    let (subject, body) = match locale.language {
        Language::En => english(notice, &locale.show(at)),
        Language::Zh => chinese(notice, &locale.show(at)),
    };
    Text { subject, body }
}

impl Text {
    /// The same with the person's own phrase.
    #[must_use]
    pub(crate) fn with_phrase(self, phrase: Option<&str>, language: Language) -> Self {
        let Some(phrase) = phrase else {
            return self;
        };
        let line = match language {
            Language::En => format!("Your phrase: {phrase}"),
            Language::Zh => format!("您的防伪短语：{phrase}"),
        };
        Self { body: format!("{}\n\n{line}", self.body), ..self }
    }
}

fn english(notice: &Notice, at: &str) -> (String, String) {
    let (subject, body) = match notice {
        Notice::Code { code, purpose } => return english_code(code.reveal(), purpose),
        Notice::PayeeTrusted { payee } => ("You trust a payee", format!("Since {at} payments to {payee} are made without asking you. If it was not you, contact support at once.")),
        Notice::TotpEnabled => ("Two-factor authentication is on", format!("Since {at} your authenticator app is asked for. Keep your recovery codes where you find them without your phone.")),
        Notice::TotpDisabled => ("Two-factor authentication is off", format!("Since {at} no authenticator app is asked for. If it was not you, contact support at once.")),
        Notice::RecoveryCodesRenewed => ("You have new recovery codes", format!("Since {at}; those before no longer work. If it was not you, contact support at once.")),
        Notice::RecoveryCodeUsed { left } => ("A recovery code was used", format!("At {at}; {left} are left. If it was not you, change your password and contact support at once.")),
        Notice::HandleTaken => (
            "You have a wallet already",
            "Somebody tried to sign up with this address. If it was you, sign in instead. If not, there is nothing to do.".to_owned(),
        ),
        Notice::HandleAdded { handle } => ("An address was added", format!("{handle} was added to your wallet at {at}.")),
        Notice::HandleRemoved { handle } => ("An address was removed", format!("{handle} was removed from your wallet at {at}.")),
        Notice::PrimaryHandleChanged { handle } => ("Your primary address was changed", format!("{handle} is your primary address since {at}.")),
        Notice::NewDevice { agent, address, token } => (
            "Your wallet was opened on a new device",
            format!("At {at}, from {address}, with {agent}. If it was you, there is nothing to do. If not: {}", match token {
                Some(token) => format!("give this code to the app under \"It was not me\"; it ends every session: {}", token.reveal()),
                None => "end the session and change your password now.".to_owned(),
            }),
        ),
        Notice::TokenReused => ("A session was ended for your safety", format!("At {at} a token of your session was used twice: somebody may have copied it. Sign in again, and change your password if you have lost a device.")),
        Notice::ReportedNotMe => ("All sessions were ended", format!("At {at} somebody with your message said that a sign-in was not theirs. Sign in again and change your password.")),
        Notice::PasswordChanged => ("Your password was changed", format!("At {at}. All other sessions were ended. If it was not you, contact support at once.")),
        Notice::SignInsStopped => ("Somebody is guessing your password", format!("At {at} there were too many wrong passwords, so that nobody can try another for a while. Devices that you have signed in with before still work.")),
    };
    (subject.to_owned(), body)
}

fn english_code(code: &str, purpose: &CodePurpose) -> (String, String) {
    let (does, minutes) = match purpose {
        CodePurpose::SignUp => ("activate your wallet".to_owned(), "ten"),
        CodePurpose::AddHandle => ("add this address to your wallet".to_owned(), "ten"),
        CodePurpose::Security => ("change what guards your wallet".to_owned(), "five"),
        CodePurpose::Payment { payee, amount } => (format!("pay {amount} to {payee}"), "five"),
    };
    let body = format!(
        "Enter {code} to {does}. It is valid for {minutes} minutes. Nobody from OKPay will ask you for it."
    );
    (format!("{code} is your OKPay code"), body)
}

fn chinese(notice: &Notice, at: &str) -> (String, String) {
    let (subject, body) = match notice {
        Notice::Code { code, purpose } => return chinese_code(code.reveal(), purpose),
        Notice::TotpEnabled => (
            "双重验证已开启",
            format!("自 {at} 起需要您的验证器应用。请将恢复代码保存在不依赖手机也能找到的地方。"),
        ),
        Notice::TotpDisabled => {
            ("双重验证已关闭", format!("自 {at} 起不再需要验证器应用。如果不是您本人操作，请立即联系客服。"))
        }
        Notice::RecoveryCodesRenewed => (
            "您有新的恢复代码",
            format!("自 {at} 起，之前的恢复代码不再有效。如果不是您本人操作，请立即联系客服。"),
        ),
        Notice::RecoveryCodeUsed { left } => (
            "已使用一个恢复代码",
            format!("时间：{at}，剩余 {left} 个。如果不是您本人操作，请立即修改密码并联系客服。"),
        ),
        Notice::PayeeTrusted { payee } => (
            "您已信任一位收款人",
            format!("自 {at} 起，向 {payee} 付款不再需要验证。如果不是您本人操作，请立即联系客服。"),
        ),
        Notice::HandleTaken => (
            "您已有钱包",
            "有人尝试使用此地址注册。如果是您本人，请直接登录；如果不是，无需任何操作。".to_owned(),
        ),
        Notice::HandleAdded { handle } => {
            ("已添加新的联系地址", format!("{handle} 已于 {at} 添加到您的钱包。"))
        }
        Notice::HandleRemoved { handle } => {
            ("已移除联系地址", format!("{handle} 已于 {at} 从您的钱包中移除。"))
        }
        Notice::PrimaryHandleChanged { handle } => {
            ("主要联系地址已更改", format!("自 {at} 起，{handle} 为您的主要联系地址。"))
        }
        Notice::NewDevice { agent, address, token } => (
            "您的钱包在新设备上登录",
            format!(
                "时间：{at}，地址：{address}，设备：{agent}。如果是您本人，无需任何操作；如果不是，{}",
                match token {
                    Some(token) =>
                        format!("请在应用的“不是我本人”中输入以下代码，以结束所有会话：{}", token.reveal()),
                    None => "请立即结束该会话并修改密码。".to_owned(),
                }
            ),
        ),
        Notice::TokenReused => (
            "为保障安全，会话已结束",
            format!(
                "您的会话令牌于 {at} 被重复使用，可能已被他人复制。请重新登录；如果设备丢失，请修改密码。"
            ),
        ),
        Notice::ReportedNotMe => (
            "所有会话已结束",
            format!("有人于 {at} 通过您收到的消息表示某次登录并非本人。请重新登录并修改密码。"),
        ),
        Notice::PasswordChanged => {
            ("您的密码已修改", format!("时间：{at}。其他会话均已结束。如果不是您本人操作，请立即联系客服。"))
        }
        Notice::SignInsStopped => (
            "有人正在尝试您的密码",
            format!("{at} 密码错误次数过多，暂时无法继续尝试。您以前登录过的设备不受影响。"),
        ),
    };
    (subject.to_owned(), body)
}

fn chinese_code(code: &str, purpose: &CodePurpose) -> (String, String) {
    let (does, minutes) = match purpose {
        CodePurpose::SignUp => ("激活您的钱包".to_owned(), "十"),
        CodePurpose::AddHandle => ("将此地址添加到您的钱包".to_owned(), "十"),
        CodePurpose::Security => ("更改您钱包的安全设置".to_owned(), "五"),
        CodePurpose::Payment { payee, amount } => (format!("向 {payee} 支付 {amount}"), "五"),
    };
    let body = format!("请输入 {code} 以{does}，{minutes}分钟内有效。OKPay 的任何人都不会向您索要此验证码。");
    (format!("{code} 是您的 OKPay 验证码"), body)
}
