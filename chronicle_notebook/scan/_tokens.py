"""Tokens and keys that are recognised by their form, wherever they are."""

from __future__ import annotations

import re

from chronicle_notebook.scan._finder import Finder, looking_for

CHAT = "URL of a chat's webhook, by which anybody can write there"
KEY = "private key"
CLOUD = "token of a cloud service"
MODEL = "token of a model's service"
PACKAGES = "package registry token"

_TOKENS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("AWS access key", ("akia", "asia"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    ("GitHub token", ("github_pat_",), r"\bgithub_pat_\w{40,}\b"),
    ("GitLab token", ("gl",), r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat)-[\w-]{20,}"),
    ("Google API key", ("aiza",), r"\bAIza[\w-]{35}\b"),
    ("Google API key", ("gocspx-",), r"\bGOCSPX-[\w-]{24,}"),
    ("Google API key", ("ya29.",), r"\bya29\.[\w-]{30,}"),
    ("JSON Web Token", ("eyj",), r"\beyJ[\w-]{8,}+\.eyJ[\w-]{8,}+\.[\w-]{16,}"),
    ("Slack token", ("xox",), r"\bxox[abceoprs]-[A-Za-z0-9-]{20,}"),
    ("Slack token", ("xapp-",), r"\bxapp-\d-[A-Za-z0-9-]{20,}"),
    ("Stripe key", ("k_live_", "k_test_"), r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    ("Stripe key", ("whsec_",), r"\bwhsec_[A-Za-z0-9+/=]{24,}"),
    (PACKAGES, ("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    (PACKAGES, ("pypi-",), r"\bpypi-[\w-]{50,}"),
    (MODEL, ("sk-",), r"\bsk-(?:(?:proj|svcacct|admin|ant-[a-z0-9]{3,8})-[\w-]{20,}|[A-Za-z0-9]{20}T3BlbkFJ\w{20})"),
    (MODEL, ("hf_",), r"\bhf_[A-Za-z]{34}\b"),
    (CLOUD, ("dapi",), r"\bdapi[0-9a-f]{32}\b"),
    (CLOUD, ("do",), r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
    (CLOUD, ("hvs.", "hvb."), r"\bhv[bs]\.[\w-]{24,}"),
    (CLOUD, (".atlasv1.",), r"\.atlasv1\.[\w-]{60,}"),
    (CLOUD, ("8q~", "7q~"), r"[78]Q~[\w~.-]{31,34}(?![\w~.-])"),
    (CLOUD, ("glsa_",), r"\bglsa_[A-Za-z0-9]{32}_[0-9a-f]{8}\b"),
    (CLOUD, ("sntry",), r"\bsntry[su]_[\w+/=-]{40,}"),
    (CLOUD, ("pul-",), r"\bpul-[0-9a-f]{40}\b"),
    (CLOUD, ("atatt3",), r"\bATATT3[\w=-]{40,}"),
    ("SendGrid key", ("sg.",), r"\bSG\.[\w-]{16,32}\.[\w-]{32,64}"),
    ("shop token", ("shp",), r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
    ("container registry token", ("dckr_pat_",), r"\bdckr_pat_[\w-]{20,}"),
    ("Telegram bot token", (":aa",), r":AA[\w-]{33}(?![\w-])(?<=\d:AA.{33})"),
    (KEY, ("private key",), r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----"),
    (KEY, ("putty-user-key",), r"\bPuTTY-User-Key-File-\d"),
    (KEY, ("age-secret-key-",), r"\bAGE-SECRET-KEY-1[0-9A-Z]{20,}"),
    # A part of it is a secret too: it shows that somebody has the rest, and whose certificate decrypts it.
    ("ciphertext of a kernel", ("crk1:",), r"\bcrk1:[0-9A-Fa-f]{8,}+:[A-Za-z0-9+/=]{16,}"),
    (
        CHAT,
        ("hooks.slack.com",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9]{5,}/[\w/-]{16,}",
    ),
    (CHAT, ("discord",), r"discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{15,}/[\w-]{40,}"),
    (CHAT, (".office.com",), r"\.webhook\.office\.com/webhookb?2?/[\w@-]{36,}/\w{1,40}/[\w/-]{30,}"),
    (CHAT, (".office.com",), r"outlook\.office\.com/webhook/[\w@-]{36,}/\w{1,40}/[\w/-]{30,}"),
    (CHAT, ("/hooks/",), r"(?<=\w)/hooks/(?:[a-z0-9]{26}\b|[A-Za-z0-9]{17,24}/[A-Za-z0-9]{40,})"),
    (CHAT, ("webexapis.com",), r"webexapis\.com/v1/webhooks/incoming/[\w=-]{30,}"),
    (CHAT, ("open-apis/bot",), r"open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/[\w-]{20,}"),
    (CHAT, ("zapier",), r"hooks\.zapier\.com/hooks/catch/\d+/\w{5,}"),
    (CHAT, ("maker.ifttt.com",), r"maker\.ifttt\.com/trigger/\w{1,80}/(?:json/)?with/key/[\w-]{20,}"),
)
_SHOWN = re.compile(r"0{6,}|[xX]{8,}|\*{4,}|\.{4,}")
"""Characters that documentation writes instead of a token."""


def _is_real(value: str) -> bool:
    return _SHOWN.search(value) is None


TOKENS = tuple(Finder(words, looking_for(kind, pattern, accepts=_is_real)) for kind, words, pattern in _TOKENS)
"""Secrets that are recognised by their form."""
