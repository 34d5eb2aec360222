//! What notices say in English.

use super::{Alert, Case, CodePurpose, Notice, Waited};
use crate::alert_rule::RuleKind;
use crate::link::Links;
use crate::secret::Secret;

/// The one line above a notice.
pub(super) fn subject(notice: &Notice) -> String {
    let subject = match notice {
        Notice::Code { code, .. } => return format!("{} is your OKPay code", code.reveal()),
        Notice::Alert(alert) => alert_subject(alert),
        Notice::ApiKeyCreated { .. } => "A program may use your wallet",
        Notice::ApiKeyRevoked { .. } => "An API key was revoked",
        Notice::Closed => "Your wallet is closed",
        Notice::HandleAdded { .. } => "An address was added",
        Notice::HandleRemoved { .. } => "An address was removed",
        Notice::Case(case) => case_subject(case),
        Notice::HandleTaken => "You have a wallet already",
        Notice::Locked => "Your wallet is locked",
        Notice::NewDevice { .. } => "Your wallet was opened on a new device",
        Notice::PasskeyAdded { .. } => "A passkey was added",
        Notice::PasskeyCopied { .. } => "A passkey was refused",
        Notice::PasskeyRemoved { .. } => "A passkey was removed",
        Notice::PasswordChanged => "Your password was changed",
        Notice::PasswordReset { .. } => "Choose a new password",
        Notice::PayeeTrusted { .. } => "You trust a payee",
        Notice::PrimaryHandleChanged { .. } => "Your primary address was changed",
        Notice::RecoveryCodeUsed { .. } => "A recovery code was used",
        Notice::RecoveryCodesRenewed => "You have new recovery codes",
        Notice::ReportedNotMe => "All sessions were ended",
        Notice::SecurityQuestionsChanged => "Your security questions were changed",
        Notice::SignInsFailed { .. } => "Sign-ins to your wallet failed",
        Notice::SignInsStopped => "Somebody is guessing your password",
        Notice::TokenReused => "A session was ended for your safety",
        Notice::TotpDisabled => "Two-factor authentication is off",
        Notice::TotpEnabled => "Two-factor authentication is on",
        Notice::Unlocked => "Your wallet is unlocked",
        Notice::Waited(waited) => waited_subject(waited),
    };
    subject.to_owned()
}

/// What to do about what somebody else may have done.
const NOT_YOU: &str = "If it was not you, contact support at once.";

/// What a notice says of a moment.
pub(super) fn body(notice: &Notice, links: &Links, at: &str) -> String {
    match notice {
        Notice::Code { code, purpose } => code_body(code.reveal(), purpose),
        Notice::Alert(alert) => alert_body(alert),
        Notice::ApiKeyCreated { name, hint } => {
            format!("Since {at} programs may use your wallet with the key \"{name}\" ({hint}). {NOT_YOU}")
        }
        Notice::ApiKeyRevoked { name, hint } => {
            format!("Since {at} nobody can use your wallet with the key \"{name}\" ({hint}). {NOT_YOU}")
        }
        Notice::Closed => {
            format!("At {at} your wallet was closed, and what we knew of you was destroyed. {NOT_YOU}")
        }
        Notice::HandleAdded { handle } => format!("{handle} was added to your wallet at {at}. {NOT_YOU}"),
        Notice::HandleRemoved { handle } => {
            format!("{handle} was removed from your wallet at {at}. {NOT_YOU}")
        }
        Notice::HandleTaken => {
            "Somebody tried to sign up with this address. If it was you, sign in instead. If not, \
            there is nothing to do."
                .to_owned()
        }
        Notice::Case(case) => case_body(case, at),
        Notice::Locked => format!(
            "Since {at} no money can leave it, and your other sessions and all API keys have ended. You can unlock it after an hour."
        ),
        Notice::NewDevice { agent, address, token } => new_device(at, agent, address, token.as_ref(), links),
        Notice::PasskeyAdded { name } => {
            format!("Since {at} the passkey \"{name}\" opens your wallet. {NOT_YOU}")
        }
        Notice::PasskeyCopied { name } => format!(
            "At {at} the passkey \"{name}\" was used in a way that looks as if there were a copy of it, and was \
             refused. Remove it, and set up another."
        ),
        Notice::PasskeyRemoved { name } => {
            format!("Since {at} the passkey \"{name}\" no longer opens your wallet. {NOT_YOU}")
        }
        Notice::PasswordChanged => {
            format!("At {at}. All other sessions and all API keys were ended. {NOT_YOU}")
        }
        Notice::PasswordReset { token } => password_reset(token, links),
        Notice::PayeeTrusted { payee } => {
            format!("Since {at} payments to {payee} are made without asking you. {NOT_YOU}")
        }
        Notice::PrimaryHandleChanged { handle } => {
            format!("{handle} is your primary address since {at}. {NOT_YOU}")
        }
        Notice::RecoveryCodeUsed { left } => format!("At {at}; {left} are left. {NOT_YOU}"),
        Notice::RecoveryCodesRenewed => format!("Since {at}; those before no longer work. {NOT_YOU}"),
        Notice::ReportedNotMe => format!(
            "At {at} somebody with your message said that a sign-in was not theirs. API keys were ended too. Sign in \
             again and change your password."
        ),
        Notice::SecurityQuestionsChanged => format!("At {at}. {NOT_YOU}"),
        Notice::SignInsFailed { agent, address } => sign_ins_failed(at, agent, address),
        Notice::SignInsStopped => sign_ins_stopped(at),
        Notice::TokenReused => format!(
            "At {at} a token of your session was used twice: somebody may have copied it. Sign in again, and change \
             your password if you have lost a device."
        ),
        Notice::TotpDisabled => format!("Since {at} no authenticator app is asked for. {NOT_YOU}"),
        Notice::TotpEnabled => format!(
            "Since {at} your authenticator app is asked for. Keep your recovery codes where you find them without \
             your phone."
        ),
        Notice::Unlocked => format!("Since {at} money can leave it again. {NOT_YOU}"),
        Notice::Waited(waited) => waited_body(waited, at),
    }
}

fn new_device(at: &str, agent: &str, address: &str, token: Option<&Secret>, links: &Links) -> String {
    let then = match token {
        Some(token) => match links.not_me(token) {
            Some(link) => format!("say so here; it ends every session:\n{link}"),
            None => format!(
                "give this code to the app under \"It was not me\"; it ends every session: {}",
                token.reveal()
            ),
        },
        None => "end the session and change your password now.".to_owned(),
    };
    format!("At {at}, from {address}, with {agent}. If it was you, there is nothing to do. If not: {then}")
}

fn sign_ins_failed(at: &str, agent: &str, address: &str) -> String {
    format!(
        "Three in a row have failed, the last at {at}, from {address}, with {agent}. If it was you, there is nothing \
         to do. If not: none of them got in, but make sure that you use your password nowhere else."
    )
}

fn sign_ins_stopped(at: &str) -> String {
    format!(
        "At {at} there were too many wrong passwords, so that nobody can try another for a while. Devices that you \
         have signed in with before still work."
    )
}

fn password_reset(token: &Secret, links: &Links) -> String {
    let how = match links.reset(token) {
        Some(link) => format!("Choose a new password here:\n{link}\n\n"),
        None => format!("Give this code to the app to choose a new password: {}. ", token.reveal()),
    };
    format!("{how}It works once, for ten minutes. If you did not ask for it, there is nothing to do.")
}

fn alert_subject(alert: &Alert) -> &'static str {
    match alert.kind {
        RuleKind::MoneyOutAtLeast => "Money has left your wallet",
        RuleKind::MoneyInAtLeast => "Money has come into your wallet",
        RuleKind::BalanceAtMost => "Your balance is low",
    }
}

fn alert_body(alert: &Alert) -> String {
    let Alert { kind, amount, other, balance } = alert;
    let end = |way: &str| other.as_ref().map_or_else(String::new, |other| format!(", {way} {other}"));
    match kind {
        RuleKind::MoneyOutAtLeast => {
            format!("{amount} left it{}. The balance after that: {balance}. {NOT_YOU}", end("to"))
        }
        RuleKind::MoneyInAtLeast => {
            format!("{amount} came{}. The balance after that: {balance}.", end("from"))
        }
        RuleKind::BalanceAtMost => {
            format!("It fell to {balance} when {amount} left your wallet{}. {NOT_YOU}", end("to"))
        }
    }
}

fn waited_subject(waited: &Waited) -> &'static str {
    match waited {
        Waited::RateReached { .. } => "A rate is reached",
        Waited::OrderDone { .. } => "Your order was executed",
        Waited::OrderFailed { .. } => "Your order could not be executed",
    }
}

fn waited_body(waited: &Waited, at: &str) -> String {
    match waited {
        Waited::RateReached { pair, rate } => format!("At {at} {pair} was at {rate}."),
        Waited::OrderDone { paid, currency } => {
            format!("At {at} {paid} were converted to {currency}. Your history has the details.")
        }
        Waited::OrderFailed { paid, currency, code } => {
            format!("At {at} {paid} were to be converted to {currency}, but that was refused: {code}.")
        }
    }
}

fn case_subject(case: &Case) -> &'static str {
    match case {
        Case::LevelRaised { .. } => "You are known better",
        Case::LevelRefused { .. } => "Your application was rejected",
        Case::RecoveryApproved { .. } => "In three days your wallet has another address",
        Case::RecoveryCancelled => "Your wallet keeps its addresses",
        Case::RecoveryOpened { .. } => "Somebody says to have lost your wallet's address",
        Case::DisputeDecided { .. } => "Your report was looked into",
        Case::PaymentRejected { .. } => "A payment was not made",
        Case::WalletRecovered { .. } => "Your wallet has another address",
    }
}

fn case_body(case: &Case, at: &str) -> String {
    match case {
        Case::LevelRaised { level } => format!("Since {at} you are known at level {}.", level.number()),
        Case::LevelRefused { reason } => format!("At {at} it was rejected: {reason} You can apply again."),
        Case::RecoveryOpened { handle, token } => recovery_opened(at, handle, token.as_ref()),
        Case::RecoveryApproved { token } => recovery_approved(at, token.as_ref()),
        Case::RecoveryCancelled => format!("At {at} it was cancelled that it gets another. {NOT_YOU}"),
        Case::DisputeDecided { upheld: true, reason } => {
            format!("At {at} it was found that the payment you reported was not yours: {reason}")
        }
        Case::DisputeDecided { upheld: false, reason } => {
            format!("At {at} it was found that the payment you reported was yours: {reason}")
        }
        Case::PaymentRejected { amount } => {
            format!(
                "A payment of {amount} was not let through; since {at} the money is back in your wallet. {NOT_YOU}"
            )
        }
        Case::WalletRecovered { handle } => format!(
            "Since {at} {handle} is its primary address, and all sessions were ended. Choose a new password with it. \
             {NOT_YOU}"
        ),
    }
}

fn recovery_opened(at: &str, handle: &str, token: Option<&Secret>) -> String {
    format!(
        "At {at} somebody who says to be you asked for {handle} as the address of your wallet, and gave evidence. If \
         it was you, there is nothing to do. If not: {}",
        cancel(token)
    )
}

fn recovery_approved(at: &str, token: Option<&Secret>) -> String {
    format!(
        "At {at} the evidence was found good. Three days later your wallet has the other address, and you sign in with \
         that. If you have not asked for it: {}",
        cancel(token)
    )
}

/// How a person cancels a case.
fn cancel(token: Option<&Secret>) -> String {
    match token {
        Some(token) => {
            format!(
                "give this code to the app under \"Keep my addresses\"; nothing will be changed: {}",
                token.reveal()
            )
        }
        None => "sign in and cancel it under \"Keep my addresses\".".to_owned(),
    }
}

fn code_body(code: &str, purpose: &CodePurpose) -> String {
    let (does, minutes) = match purpose {
        CodePurpose::SignUp => ("activate your wallet".to_owned(), "ten"),
        CodePurpose::AddHandle => ("add this address to your wallet".to_owned(), "ten"),
        CodePurpose::Recover => ("make this the address of your wallet".to_owned(), "ten"),
        CodePurpose::Security => ("change what guards your wallet".to_owned(), "five"),
        CodePurpose::Payment { payee, amount } => (format!("pay {amount} to {payee}"), "five"),
    };
    format!(
        "Enter {code} to {does}. It is valid for {minutes} minutes. Nobody from OKPay will ask you for it."
    )
}
