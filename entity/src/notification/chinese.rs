//! What notices say in Chinese, in simplified characters.

use super::{Alert, Case, CodePurpose, Notice, Waited};
use crate::alert_rule::RuleKind;
use crate::link::Links;
use crate::secret::Secret;

/// The one line above a notice.
pub(super) fn subject(notice: &Notice) -> String {
    let subject = match notice {
        Notice::Code { code, .. } => return format!("{} 是您的 OKPay 验证码", code.reveal()),
        Notice::Alert(alert) => alert_subject(alert),
        Notice::ApiKeyCreated { .. } => "已允许程序使用您的钱包",
        Notice::ApiKeyRevoked { .. } => "API 密钥已撤销",
        Notice::Closed => "您的钱包已关闭",
        Notice::HandleAdded { .. } => "已添加新的联系地址",
        Notice::HandleRemoved { .. } => "已移除联系地址",
        Notice::Case(case) => case_subject(case),
        Notice::HandleTaken => "您已有钱包",
        Notice::Locked => "您的钱包已锁定",
        Notice::NewDevice { .. } => "您的钱包在新设备上登录",
        Notice::PasskeyAdded { .. } => "已添加通行密钥",
        Notice::PasskeyCopied { .. } => "已拒绝一个通行密钥",
        Notice::PasskeyRemoved { .. } => "已移除通行密钥",
        Notice::PasswordChanged => "您的密码已修改",
        Notice::PasswordReset { .. } => "设置新密码",
        Notice::PayeeTrusted { .. } => "您已信任一位收款人",
        Notice::PrimaryHandleChanged { .. } => "主要联系地址已更改",
        Notice::RecoveryCodeUsed { .. } => "已使用一个恢复代码",
        Notice::RecoveryCodesRenewed => "您有新的恢复代码",
        Notice::ReportedNotMe => "所有会话已结束",
        Notice::SecurityQuestionsChanged => "您的安全问题已更改",
        Notice::SignInsFailed { .. } => "登录您钱包的尝试失败",
        Notice::SignInsStopped => "有人正在尝试您的密码",
        Notice::TokenReused => "为保障安全，会话已结束",
        Notice::TotpDisabled => "双重验证已关闭",
        Notice::TotpEnabled => "双重验证已开启",
        Notice::Unlocked => "您的钱包已解锁",
        Notice::Waited(waited) => waited_subject(waited),
    };
    subject.to_owned()
}

/// What to do about what somebody else may have done.
const NOT_YOU: &str = "如果不是您本人操作，请立即联系客服。";

/// What a notice says of a moment.
pub(super) fn body(notice: &Notice, links: &Links, at: &str) -> String {
    match notice {
        Notice::Code { code, purpose } => code_body(code.reveal(), purpose),
        Notice::Alert(alert) => alert_body(alert),
        Notice::ApiKeyCreated { name, hint } => {
            format!("自 {at} 起，程序可通过密钥“{name}”（{hint}）使用您的钱包。{NOT_YOU}")
        }
        Notice::ApiKeyRevoked { name, hint } => {
            format!("自 {at} 起，密钥“{name}”（{hint}）不再有效。{NOT_YOU}")
        }
        Notice::Closed => format!("您的钱包已于 {at} 关闭，我们已销毁您的个人数据。{NOT_YOU}"),
        Notice::HandleAdded { handle } => format!("{handle} 已于 {at} 添加到您的钱包。{NOT_YOU}"),
        Notice::HandleRemoved { handle } => format!("{handle} 已于 {at} 从您的钱包中移除。{NOT_YOU}"),
        Notice::HandleTaken => {
            "有人尝试使用此地址注册。如果是您本人，请直接登录；如果不是，无需任何操作。".to_owned()
        }
        Notice::Case(case) => case_body(case, at),
        Notice::Locked => {
            format!("自 {at} 起资金无法转出，其他会话和所有 API 密钥均已失效。一小时后可解锁。")
        }
        Notice::NewDevice { agent, address, token } => new_device(at, agent, address, token.as_ref(), links),
        Notice::PasskeyAdded { name } => format!("自 {at} 起可使用通行密钥“{name}”打开您的钱包。{NOT_YOU}"),
        Notice::PasskeyCopied { name } => {
            format!("{at} 通行密钥“{name}”的使用情况显示其可能已被复制，因此被拒绝。请移除该密钥并重新设置。")
        }
        Notice::PasskeyRemoved { name } => {
            format!("自 {at} 起通行密钥“{name}”已无法打开您的钱包。{NOT_YOU}")
        }
        Notice::PasswordChanged => format!("时间：{at}。其他会话和所有 API 密钥均已失效。{NOT_YOU}"),
        Notice::PasswordReset { token } => {
            let how = match links.reset(token) {
                Some(link) => format!("请打开以下链接以设置新密码：\n{link}\n\n"),
                None => format!("请在应用中输入以下代码以设置新密码：{}。", token.reveal()),
            };
            format!("{how}仅可使用一次，十分钟内有效。如果不是您的请求，无需任何操作。")
        }
        Notice::PayeeTrusted { payee } => format!("自 {at} 起，向 {payee} 付款不再需要验证。{NOT_YOU}"),
        Notice::PrimaryHandleChanged { handle } => {
            format!("自 {at} 起，{handle} 为您的主要联系地址。{NOT_YOU}")
        }
        Notice::RecoveryCodeUsed { left } => format!("时间：{at}，剩余 {left} 个。{NOT_YOU}"),
        Notice::RecoveryCodesRenewed => format!("自 {at} 起，之前的恢复代码不再有效。{NOT_YOU}"),
        Notice::ReportedNotMe => {
            format!(
                "有人于 {at} 通过您收到的消息表示某次登录并非本人，API 密钥也已失效。请重新登录并修改密码。"
            )
        }
        Notice::SecurityQuestionsChanged => format!("时间：{at}。{NOT_YOU}"),
        Notice::SignInsFailed { agent, address } => sign_ins_failed(at, agent, address),
        Notice::SignInsStopped => {
            format!("{at} 密码错误次数过多，暂时无法继续尝试。您以前登录过的设备不受影响。")
        }
        Notice::TokenReused => {
            format!(
                "您的会话令牌于 {at} 被重复使用，可能已被他人复制。请重新登录；如果设备丢失，请修改密码。"
            )
        }
        Notice::TotpDisabled => format!("自 {at} 起不再需要验证器应用。{NOT_YOU}"),
        Notice::TotpEnabled => {
            format!("自 {at} 起需要您的验证器应用。请将恢复代码保存在不依赖手机也能找到的地方。")
        }
        Notice::Unlocked => format!("自 {at} 起可再次转出资金。{NOT_YOU}"),
        Notice::Waited(waited) => waited_body(waited, at),
    }
}

fn new_device(at: &str, agent: &str, address: &str, token: Option<&Secret>, links: &Links) -> String {
    let then = match token {
        Some(token) => match links.not_me(token) {
            Some(link) => format!("请打开以下链接，以结束所有会话：\n{link}"),
            None => {
                format!("请在应用的“不是我本人”中输入以下代码，以结束所有会话：{}", token.reveal())
            }
        },
        None => "请立即结束该会话并修改密码。".to_owned(),
    };
    format!("时间：{at}，地址：{address}，设备：{agent}。如果是您本人，无需任何操作；如果不是，{then}")
}

fn sign_ins_failed(at: &str, agent: &str, address: &str) -> String {
    format!(
        "已连续三次登录失败，最近一次时间：{at}，地址：{address}，设备：{agent}。如果是您本人，无需任何操作；如果不是，\
         这些尝试均未成功，但请确保您的密码未在其他地方使用。"
    )
}

fn alert_subject(alert: &Alert) -> &'static str {
    match alert.kind {
        RuleKind::MoneyOutAtLeast => "有资金转出您的钱包",
        RuleKind::MoneyInAtLeast => "有资金转入您的钱包",
        RuleKind::BalanceAtMost => "您的余额较低",
    }
}

fn alert_body(alert: &Alert) -> String {
    let Alert { kind, amount, other, balance } = alert;
    let end = |side: &str| other.as_ref().map_or_else(String::new, |other| format!("，{side}：{other}"));
    match kind {
        RuleKind::MoneyOutAtLeast => {
            format!("已转出 {amount}{}。此后余额：{balance}。{NOT_YOU}", end("收款方"))
        }
        RuleKind::MoneyInAtLeast => format!("已转入 {amount}{}。此后余额：{balance}。", end("付款方")),
        RuleKind::BalanceAtMost => {
            format!("转出 {amount} 后，余额降至 {balance}{}。{NOT_YOU}", end("收款方"))
        }
    }
}

fn waited_subject(waited: &Waited) -> &'static str {
    match waited {
        Waited::RateReached { .. } => "汇率已到达",
        Waited::OrderDone { .. } => "您的兑换挂单已成交",
        Waited::OrderFailed { .. } => "您的兑换挂单未能成交",
    }
}

fn waited_body(waited: &Waited, at: &str) -> String {
    match waited {
        Waited::RateReached { pair, rate } => format!("{at}，{pair} 的汇率为 {rate}。"),
        Waited::OrderDone { paid, currency } => {
            format!("{paid} 已于 {at} 兑换为 {currency}，详情见您的交易记录。")
        }
        Waited::OrderFailed { paid, currency, code } => {
            format!("{at} 本应将 {paid} 兑换为 {currency}，但被拒绝：{code}。")
        }
    }
}

fn case_subject(case: &Case) -> &'static str {
    match case {
        Case::LevelRaised { .. } => "您的认证等级已提升",
        Case::LevelRefused { .. } => "您的认证申请未通过",
        Case::RecoveryApproved { .. } => "三天后您的钱包将更换联系地址",
        Case::RecoveryCancelled => "您的钱包保留原有联系地址",
        Case::RecoveryOpened { .. } => "有人声称无法使用您钱包的联系地址",
        Case::DisputeDecided { .. } => "您的举报已有结果",
        Case::PaymentRejected { .. } => "一笔付款未完成",
        Case::WalletRecovered { .. } => "您的钱包已更换联系地址",
    }
}

fn case_body(case: &Case, at: &str) -> String {
    match case {
        Case::LevelRaised { level } => format!("自 {at} 起您的认证等级为 {} 级。", level.number()),
        Case::LevelRefused { reason } => format!("您的申请于 {at} 未通过：{reason} 您可以重新申请。"),
        Case::RecoveryOpened { handle, token } => recovery_opened(at, handle, token.as_ref()),
        Case::RecoveryApproved { token } => recovery_approved(at, token.as_ref()),
        Case::RecoveryCancelled => format!("更换联系地址的申请已于 {at} 取消。{NOT_YOU}"),
        Case::DisputeDecided { upheld: true, reason } => {
            format!("经核查（{at}），您举报的付款并非您本人所为：{reason}")
        }
        Case::DisputeDecided { upheld: false, reason } => {
            format!("经核查（{at}），您举报的付款为您本人所为：{reason}")
        }
        Case::PaymentRejected { amount } => {
            format!("一笔 {amount} 的付款未获放行，款项已于 {at} 退回您的钱包。{NOT_YOU}")
        }
        Case::WalletRecovered { handle } => {
            format!("自 {at} 起 {handle} 为主要联系地址，所有会话均已结束。请用它设置新密码。{NOT_YOU}")
        }
    }
}

fn recovery_opened(at: &str, handle: &str, token: Option<&Secret>) -> String {
    format!(
        "{at} 有人以您的名义提交证明材料，申请将 {handle} 设为您钱包的联系地址。如果是您本人，无需任何操作；如果不是，{}",
        cancel(token)
    )
}

fn recovery_approved(at: &str, token: Option<&Secret>) -> String {
    format!(
        "证明材料已于 {at} 通过审核。三天后您的钱包将使用新的联系地址，届时请用它登录。如果您没有提出申请，{}",
        cancel(token)
    )
}

/// How a person cancels a case.
fn cancel(token: Option<&Secret>) -> String {
    match token {
        Some(token) => {
            format!("请在应用的“保留我的地址”中输入以下代码，一切将保持不变：{}", token.reveal())
        }
        None => "请登录并在“保留我的地址”中取消。".to_owned(),
    }
}

fn code_body(code: &str, purpose: &CodePurpose) -> String {
    let (does, minutes) = match purpose {
        CodePurpose::SignUp => ("激活您的钱包".to_owned(), "十"),
        CodePurpose::AddHandle => ("将此地址添加到您的钱包".to_owned(), "十"),
        CodePurpose::Recover => ("将此地址设为您钱包的联系地址".to_owned(), "十"),
        CodePurpose::Security => ("更改您钱包的安全设置".to_owned(), "五"),
        CodePurpose::Payment { payee, amount } => (format!("向 {payee} 支付 {amount}"), "五"),
    };
    format!("请输入 {code} 以{does}，{minutes}分钟内有效。OKPay 的任何人都不会向您索要此验证码。")
}
