//! Refusals: answers, not faults. One closed table of codes, each with its help text in English
//! and Chinese and whether trying again unchanged may succeed.
//!
//! Codes are stable: clients branch on them, so a code is never renamed and never reused for
//! something else. The table is a macro, so that the face of the wallet can build its own enum
//! from the same lines and none can be forgotten.

use crate::id::QuoteId;

/// Hands the table of refusals to another macro: `NAME "CODE" retryable "English" "Chinese";`.
#[macro_export]
macro_rules! refusals {
    ($table:ident) => {
        $table! {
            AccountLimit "ACCOUNT_LIMIT" false "The balance of an account would become too large to count." "账户余额将超出可记录的范围。";
            ActsUnderWay "ACTS_UNDER_WAY" true "Something is still under way. Come again when it is settled." "仍有交易在处理中，请在完成后再试。";
            AddressesInvalid "ADDRESSES_INVALID" false "Give at most 20 addresses or networks, such as 192.0.2.7 or 2001:db8::/32." "最多填写 20 个地址或网段，例如 192.0.2.7 或 2001:db8::/32。";
            AddressNotAllowed "ADDRESS_NOT_ALLOWED" false "This API key may not be used from this address." "不允许从此地址使用该 API 密钥。";
            AlertRuleLimit "ALERT_RULE_LIMIT" false "A person may have twenty alert rules. Delete one first." "每位用户最多可有二十条提醒规则，请先删除一条。";
            AmountMalformed "AMOUNT_MALFORMED" false "Write the amount as digits with an optional point, such as \"12.50\"." "金额请只用数字和一个可选的小数点，例如 \"12.50\"。";
            AmountNegative "AMOUNT_NEGATIVE" false "The amount has to be more than zero; this one is negative." "金额必须大于零，不能为负数。";
            AmountScale "AMOUNT_SCALE" false "The amount has more decimal digits than its currency. Nothing is rounded; write fewer digits." "金额的小数位数多于该货币允许的位数，系统不会四舍五入，请减少位数。";
            AmountTooLarge "AMOUNT_TOO_LARGE" false "The amount is larger than one act may move: 10^15 minor units." "金额超出单笔操作的上限（10^15 个最小货币单位）。";
            AmountTooSmall "AMOUNT_TOO_SMALL" false "Too little: after the fee less than the smallest unit would arrive." "金额过小：扣除费用后不足一个最小货币单位。";
            AmountZero "AMOUNT_ZERO" false "The amount has to be more than zero." "金额必须大于零。";
            AnswerWrong "ANSWER_WRONG" false "The answer is wrong. After five wrong answers the question is over." "回答错误。连续错误五次后该验证失效。";
            ApiKeyInvalid "API_KEY_INVALID" false "This API key is unknown, was revoked, or has expired." "该 API 密钥不存在、已撤销或已过期。";
            ApiKeyLimit "API_KEY_LIMIT" false "A person may have twenty API keys. Revoke one first." "每位用户最多可有二十个 API 密钥，请先撤销一个。";
            ApplicationOpen "APPLICATION_OPEN" false "You have applied already. Wait for the answer, or take it back first." "您已有待审核的申请，请等待结果或先撤回。";
            BalanceLeft "BALANCE_LEFT" false "There is money left. Send or withdraw it first." "账户中仍有余额，请先转出或提现。";
            CaseAssigned "CASE_ASSIGNED" false "Another reviewer has this case. Have it assigned to you first." "该案件由其他审核人员负责，请先将其分配给自己。";
            CategoryFixed "CATEGORY_FIXED" false "Security notifications can't be muted." "安全通知无法关闭。";
            ChallengeExpired "CHALLENGE_EXPIRED" false "This question is over. Begin again to be asked another." "该验证已失效，请重新开始。";
            ChallengeInvalid "CHALLENGE_INVALID" false "This question was not answered, or is for something else." "该验证尚未完成，或用于其他操作。";
            ChallengeRequired "CHALLENGE_REQUIRED" false "Answer a question first: startChallenge asks it." "请先通过 startChallenge 完成验证。";
            CodeExpired "CODE_EXPIRED" false "The code is no longer valid. Ask for a new one." "验证码已失效，请重新获取。";
            CodeWrong "CODE_WRONG" false "The code is wrong. After five wrong tries a new one is needed." "验证码错误。连续错误五次后需要重新获取。";
            CurrencyUnknown "CURRENCY_UNKNOWN" false "Use a currency code of ISO 4217 in capitals, such as EUR." "请使用大写的 ISO 4217 货币代码，例如 EUR。";
            CursorInvalid "CURSOR_INVALID" false "Use a cursor that a page of this list gave you." "请使用本列表分页返回的游标。";
            DisputeDecided "DISPUTE_DECIDED" false "This dispute was decided already." "该争议已有决定。";
            DocumentsInvalid "DOCUMENTS_INVALID" false "Give at most ten documents, each with a reference and the SHA-256 of its file." "最多提供十份文件，每份须有引用编号和文件的 SHA-256。";
            DocumentsMissing "DOCUMENTS_MISSING" false "More documents are needed for this." "所提供的文件不足。";
            EmailInvalid "EMAIL_INVALID" false "This is not an e-mail address." "这不是有效的电子邮件地址。";
            ExpiryInvalid "EXPIRY_INVALID" false "Choose a moment to come, at most a year from now." "请选择未来一年内的时间。";
            FilterInvalid "FILTER_INVALID" false "The filter can match nothing: a list in it is empty, or its start is not before its end, in the years 1 to 9999." "筛选条件无法匹配：列表为空，或开始时间不早于结束时间，且年份须在 1 至 9999 之间。";
            FraudRulesInvalid "FRAUD_RULES_INVALID" false "These rules can't be loaded: checkFraudRules says why." "这些规则无法加载，原因见 checkFraudRules。";
            HandleLimit "HANDLE_LIMIT" false "A person may have ten handles. Remove one first." "每位用户最多可有十个联系地址，请先移除一个。";
            HandlePrimary "HANDLE_PRIMARY" false "This is the primary handle. Make another one primary first." "这是主要联系地址，请先将其他地址设为主要地址。";
            HolderInvalid "HOLDER_INVALID" false "Give the name of the account's holder, at most 100 characters." "请填写账户持有人姓名，最多 100 个字符。";
            IbanInvalid "IBAN_INVALID" false "This is not a valid IBAN (ISO 13616): check it for a mistyped character." "这不是有效的 IBAN（ISO 13616），请检查是否有输入错误。";
            IdempotencyKeyInvalid "IDEMPOTENCY_KEY_INVALID" false "Choose a key of 1 to 64 visible ASCII characters, a new one for each new act." "幂等键须为 1 至 64 个可见 ASCII 字符，每个新操作使用新的键。";
            IdempotencyKeyReused "IDEMPOTENCY_KEY_REUSED" false "This key was used for something else. Use a new key for a new act." "该幂等键已用于其他操作，请为新操作使用新的键。";
            IdMalformed "ID_MALFORMED" false "This is not an id of the kind expected here." "此处需要其他类型的 ID。";
            InsufficientFunds "INSUFFICIENT_FUNDS" false "The balance in this currency is too low. Top up, or send less." "该货币余额不足，请先充值或减少金额。";
            JobNotDead "JOB_NOT_DEAD" false "This job is no dead letter; it is done or still being tried." "该任务不是死信：它已完成或仍在重试。";
            LevelReached "LEVEL_REACHED" false "You are known at this level already." "您已达到该认证等级。";
            LimitExceeded "LIMIT_EXCEEDED" true "Your level allows no more in this day or month; wait, or apply for a higher level." "超出您的认证等级当日或当月的限额。请稍后再试，或申请更高等级。";
            LockedStill "LOCKED_STILL" true "A wallet stays locked for an hour. Come again then." "钱包锁定一小时后方可解锁，请稍后再试。";
            MethodUnavailable "METHOD_UNAVAILABLE" false "This question can't be answered in this way; its methods say how." "无法使用此方式回答，请使用列出的验证方式。";
            NameInvalid "NAME_INVALID" false "Give a name of at most 100 characters that can be seen." "请填写可见的姓名，最多 100 个字符。";
            NicknameInvalid "NICKNAME_INVALID" false "Use a nickname of 1 to 100 characters, or none." "昵称须为 1 至 100 个字符，或留空。";
            NoteInvalid "NOTE_INVALID" false "The note is too long or has characters that can't be shown." "备注过长或包含无法显示的字符。";
            NotFound "NOT_FOUND" false "There is nothing of yours by this id." "没有属于您的该 ID 对应内容。";
            NotLocked "NOT_LOCKED" false "This wallet is not locked." "该钱包未锁定。";
            NotPayer "NOT_PAYER" false "This payment came to you. You can report what has left your wallet." "该款项是您收到的，只能举报从您钱包转出的付款。";
            Overloaded "OVERLOADED" true "The wallet is busy. Try again in a moment with the same idempotency key." "系统繁忙，请稍后使用相同的幂等键重试。";
            OrderLimit "ORDER_LIMIT" false "A person may have fifty open orders and alerts. Cancel one first." "每位用户最多可有五十个未完成的挂单和提醒，请先取消一个。";
            PaceInvalid "PACE_INVALID" false "Choose 1 to 60 seconds." "请选择 1 至 60 秒。";
            PageSize "PAGE_SIZE" false "Ask for 1 to 100 items a page, either from the start (first) or from the end (last)." "每页请请求 1 至 100 条，使用 first 或 last 其中之一。";
            PairUnknown "PAIR_UNKNOWN" false "There is no rate between these currencies." "这两种货币之间没有汇率。";
            PasskeyInvalid "PASSKEY_INVALID" false "This passkey can't be used: it is unknown here or was removed, or it answers something else. Begin again." "无法使用此通行密钥：它未注册或已被移除，或与本次请求不符，请重新开始。";
            PasskeyLimit "PASSKEY_LIMIT" false "A person may have ten passkeys. Remove one first." "每位用户最多可有十个通行密钥，请先移除一个。";
            PasswordBreached "PASSWORD_BREACHED" false "This password is in a list of stolen ones, so it is among the first to be tried. Choose another." "该密码出现在已泄露的密码列表中，容易被尝试，请换一个。";
            PasswordCommon "PASSWORD_COMMON" false "Many people use this password, so it is the first to be tried. Choose another." "该密码被广泛使用，容易被猜到，请换一个。";
            PasswordTooLong "PASSWORD_TOO_LONG" false "Use a password of at most 128 characters." "密码最多 128 个字符。";
            PasswordTooShort "PASSWORD_TOO_SHORT" false "Use a password of at least 12 characters." "密码至少 12 个字符。";
            PasswordWeak "PASSWORD_WEAK" false "This password can be guessed. Use several words that don't belong together." "该密码容易被猜到，请使用几个互不相关的词语。";
            PasswordWrong "PASSWORD_WRONG" false "The password is wrong." "密码错误。";
            PayerFrozen "PAYER_FROZEN" false "The payer's wallet is locked: the payment goes on when it is no longer, or back." "付款人的钱包已锁定，解锁后付款才可继续，否则将退回。";
            PaymentBlocked "PAYMENT_BLOCKED" false "This payment can't be made. Support knows why." "无法进行此付款，详情请联系客服。";
            PaymentDecided "PAYMENT_DECIDED" false "This payment does not wait for an operator, or no longer." "该付款未在等待审核，或已有决定。";
            PaymentsAtOnce "PAYMENTS_AT_ONCE" true "Other payments of yours were made in the same moment. Try again with the same idempotency key." "您的其他付款正在同一时刻进行，请使用相同的幂等键重试。";
            PaymentTooLarge "PAYMENT_TOO_LARGE" false "Your level allows no single payment of this size; send less at once, or apply for a higher level." "超出您的认证等级单笔付款的限额，请减少金额或申请更高等级。";
            PeriodInvalid "PERIOD_INVALID" false "The period ends before it begins, or has more than 400 points; choose a longer interval." "时间段无效，或超过 400 个数据点，请选择更长的间隔。";
            PhoneInvalid "PHONE_INVALID" false "Write the phone number in international form, such as +4915112345678." "请使用国际格式的手机号，例如 +8613812345678。";
            PhraseInvalid "PHRASE_INVALID" false "Use a phrase of at most 100 characters." "防伪短语最多 100 个字符。";
            PreviewExpired "PREVIEW_EXPIRED" false "What was shown is no longer binding. Ask for a new preview." "预览已失效，请重新获取。";
            PreviewInvalid "PREVIEW_INVALID" false "This preview token was changed, or is for something else." "预览令牌无效或与此操作不符。";
            ProfileInvalid "PROFILE_INVALID" false "This field of the profile can't be right: persons are at least 18 years old, countries have two letters." "该资料字段有误：须年满 18 周岁，国家使用两位字母代码。";
            ProposalDecided "PROPOSAL_DECIDED" false "This proposal was decided already." "该提案已有决定。";
            ProposalOpen "PROPOSAL_OPEN" false "The same is proposed already. Another operator has to decide it." "已有相同的提案，请由其他运营人员决定。";
            QuoteExpired "QUOTE_EXPIRED" false "This quote has expired. The error names a fresh one in quoteId, if there is a rate." "报价已过期。如有汇率，错误信息中的 quoteId 为新的报价。";
            QuoteMismatch "QUOTE_MISMATCH" false "The money is not what the quote says is paid." "金额与报价不一致。";
            QuoteUsed "QUOTE_USED" false "This quote was used already. Ask for another." "该报价已被使用，请重新询价。";
            RateInvalid "RATE_INVALID" false "Give a rate above zero with at most twelve decimal digits, for one minute to a week." "汇率须大于零，最多十二位小数，有效期为一分钟至一周。";
            RateStale "RATE_STALE" true "The rate is too old to be used. Try again when there is a new one." "汇率已过时，请在更新后再试。";
            ReasonInvalid "REASON_INVALID" false "Give a reason of at most 100 characters." "请填写理由，最多 100 个字符。";
            RecentlyReset "RECENTLY_RESET" true "The password was replaced without the old one. For a day only little may leave the wallet: send less, or come again later." "密码近期被重置。一天之内钱包仅可转出少量资金，请减少金额或稍后再试。";
            RecipientUnavailable "RECIPIENT_UNAVAILABLE" false "The recipient can't be paid at present." "收款人目前无法收款。";
            RecipientUnknown "RECIPIENT_UNKNOWN" false "Nobody has signed up with this e-mail address or phone number." "没有用户使用该电子邮件或手机号注册。";
            RefreshTokenInvalid "REFRESH_TOKEN_INVALID" false "The refresh token is unknown or has ended. Sign in again." "刷新令牌无效或已失效，请重新登录。";
            RefreshTokenReused "REFRESH_TOKEN_REUSED" false "The refresh token was used before, so its session was ended for safety. Sign in again." "刷新令牌被重复使用，为安全起见会话已结束，请重新登录。";
            RoleMissing "ROLE_MISSING" false "This needs a role that you do not have." "您没有执行此操作所需的角色。";
            SameCurrency "SAME_CURRENCY" false "Choose two different currencies." "请选择两种不同的货币。";
            SandboxOnly "SANDBOX_ONLY" false "This exists only where the wallet runs with simulated mail." "此功能仅在模拟邮件环境中可用。";
            SanctionHitDecided "SANCTION_HIT_DECIDED" false "This hit was decided already." "该名单命中已有决定。";
            SanctionHitOpen "SANCTION_HIT_OPEN" false "The person may be on a sanctions list, or is. Decide its hits first." "此人可能或确实在制裁名单上，请先处理其名单命中。";
            ScheduleInvalid "SCHEDULE_INVALID" false "The last rule has to be for everything; no rule takes more than 20 percent or 1,000 euros." "最后一条规则须适用于所有情况；任何规则不得超过 20% 或 1000 欧元。";
            ScopesInvalid "SCOPES_INVALID" false "Choose what the key may: at least one scope." "请至少选择一项权限。";
            ScopeMissing "SCOPE_MISSING" false "This API key is not allowed to do this." "该 API 密钥没有此操作的权限。";
            ScreeningUnavailable "SCREENING_UNAVAILABLE" true "Payments of this size can't be made just now. Try again later with the same idempotency key." "目前无法进行此金额的付款，请稍后使用相同的幂等键重试。";
            SecurityQuestionsInvalid "SECURITY_QUESTIONS_INVALID" false "Choose three to ten different questions, with different answers of 3 to 100 characters that are not in them." "请设置三至十个不同的问题，答案须各不相同，3 至 100 个字符，且不得包含在问题中。";
            SecurityQuestionsOff "SECURITY_QUESTIONS_OFF" false "This wallet does not use security questions." "此钱包不使用安全问题。";
            SelfApproval "SELF_APPROVAL" false "Somebody else has to do this: nobody approves its own proposal or dismisses itself." "此操作须由其他人完成：不能批准自己的提案或解除自己的职务。";
            SelfTransfer "SELF_TRANSFER" false "You can't send money to yourself." "不能向自己转账。";
            SessionEnded "SESSION_ENDED" false "This session has ended. Sign in again." "会话已结束，请重新登录。";
            SignInFailed "SIGN_IN_FAILED" false "No account is open under this name with this password." "账号或密码不正确。";
            SpendLimitExceeded "SPEND_LIMIT_EXCEEDED" false "This API key may not spend so much, or not in this currency." "超出该 API 密钥的支出限额，或货币不符。";
            SpendLimitRequired "SPEND_LIMIT_REQUIRED" false "A key by which money can leave needs a spend limit." "可转出资金的密钥必须设置支出限额。";
            StatementInvalid "STATEMENT_INVALID" false "Say what happened, in at most 2,000 characters." "请说明情况，最多 2000 个字符。";
            TagsInvalid "TAGS_INVALID" false "Use at most 20 different tags of 1 to 50 characters." "最多使用 20 个不同的标签，每个 1 至 50 个字符。";
            TermsNotAccepted "TERMS_NOT_ACCEPTED" false "Accept the terms in force: give their version, at sign-up or with acceptTerms." "请接受当前有效的条款并提供其版本号（注册时或通过 acceptTerms）。";
            TimeZoneUnknown "TIME_ZONE_UNKNOWN" false "Use a time zone of the IANA database, such as Europe/Berlin." "请使用 IANA 时区名称，例如 Asia/Shanghai。";
            TokenExpired "TOKEN_EXPIRED" false "The access token has expired. Get a new one with the refresh token." "访问令牌已过期，请使用刷新令牌获取新令牌。";
            TokenInvalid "TOKEN_INVALID" false "The access token is not one of ours. Sign in again." "访问令牌无效，请重新登录。";
            TooManyTries "TOO_MANY_TRIES" true "There were too many tries. Come again after the seconds in retryAfter." "尝试次数过多，请在 retryAfter 秒后再试。";
            TotpEnrolled "TOTP_ENROLLED" false "An authenticator app is set up already. Disable it first." "已设置验证器应用，请先停用。";
            TotpNotEnrolled "TOTP_NOT_ENROLLED" false "No authenticator app is set up. Begin with enrolTotp." "尚未设置验证器应用，请先使用 enrolTotp。";
            Unauthenticated "UNAUTHENTICATED" false "Sign in first and send the access token in the Authorization header." "请先登录，并在 Authorization 请求头中携带访问令牌。";
            UserClosed "USER_CLOSED" false "This user's wallet is closed." "该用户的钱包已关闭。";
            UserFrozen "USER_FROZEN" false "Your wallet is frozen: no money can leave it. Contact support." "您的钱包已被冻结，暂时无法转出资金，请联系客服。";
            UserNotActive "USER_NOT_ACTIVE" false "Confirm the code that was sent to you first." "请先确认发送给您的验证码。";
        }
    };
}

macro_rules! codes {
    ($($name:ident $code:literal $retryable:literal $english:literal $chinese:literal;)+) => {
        /// Why something was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $english] $name,)+
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable name that clients branch on.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// Whether the same request may succeed later, unchanged.
            pub fn retryable(self) -> bool {
                match self { $(Self::$name => $retryable),+ }
            }

            /// What to do about it, in English.
            pub fn english(self) -> &'static str {
                match self { $(Self::$name => $english),+ }
            }

            /// What to do about it, in Chinese.
            pub fn chinese(self) -> &'static str {
                match self { $(Self::$name => $chinese),+ }
            }
        }
    };
}
refusals!(codes);

impl Code {
    /// A refusal of one input field.
    pub fn at(self, field: &'static str) -> Refusal {
        Refusal { field: Some(field), ..Refusal::from(self) }
    }

    /// A refusal that ends after so many seconds.
    pub(crate) fn after(self, seconds: u32) -> Refusal {
        Refusal { retry_after: Some(seconds), ..Refusal::from(self) }
    }
}

/// A refusal: its code, and which input it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", code.as_str())]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// The input field that it is about, as the API names it.
    pub field: Option<&'static str>,
    /// After how many seconds the same may be asked again, where that is known.
    pub retry_after: Option<u32>,
    /// A fresh quote for the same, in place of one that has expired.
    pub quote: Option<QuoteId>,
}

impl Refusal {
    /// The same with a fresh quote in place of one that has expired.
    pub(crate) fn with_quote(self, quote: QuoteId) -> Self {
        Self { quote: Some(quote), ..self }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { code, field: None, retry_after: None, quote: None }
    }
}
