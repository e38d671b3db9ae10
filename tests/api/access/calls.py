"""How each route is called so that nothing but who may call it decides the answer: bodies, queries, what it answers.

Moves name a version that there never was, so that whoever may make them is told 412 and nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.access.declaration import PREFIX
from api.routes.pages import MOVED
from tests.api.access.world import NOT_THERE
from tests.fakes.pictures import phone_jpeg

DONE = frozenset({200, 201, 202, 204, 409, 412})
"""What whoever may call is answered, if nothing else is said: done, or that it does not go in this state."""
NEVER = {"If-Match": '"999999"'}
"""A version that nothing has."""
SPAN = {"from": "{began}", "to": "{ended}"}

_WHEN = "2026-01-01T00:00:00Z"
"""Long ago: whoever may is told so, and nothing comes of it."""
BODIES: Mapping[str, Any] = {
    "PUT /me/password": {"old": "not this one", "new": "three words and a river"},
    "POST /me/second-factor/confirm": {"code": "123456"},
    "POST /me/second-factor/remove": {"password": "not this one", "code": "123456"},
    "POST /me/erase": {"password": "not this one"},
    "POST /accounts/{account_id}/outside-identities": {"subject": "248289761001"},
    "POST /keys": {"name": "gate", "permissions": ["cameras.view"], "expires": _WHEN},
    "POST /invitations": {"sites": ["no-such-thing"]},
    "POST /invitations/look": {"token": "no"},
    "POST /invitations/use": {"token": "no", "username": "eve", "password": "three words and a river"},
    "POST /invitations/outside": {"token": "no", "username": "eve"},
    "POST /cameras/discover": {"timeout_s": -1},
    "POST /cameras/probe": {"url": "gopher://10.9.8.1/"},
    "POST /cameras/try-still": {"url": "gopher://10.9.8.1/"},
    "POST /cameras/{camera_id}/copy": {"from": "near-shop-cam", "what": ["record"]},
    "PUT /cameras/{camera_id}/consent": {"analyse": "safety", "watch": "never"},
    "POST /cameras/{camera_id}/shares": {"username": "near-friend", "until": _WHEN},
    "POST /cameras/{camera_id}/break-glass": {"reason": "smoke out of the window, nobody answers"},
    "POST /cameras/{camera_id}/ptz/move": {"pan": 1.0},
    "POST /cameras/{camera_id}/ptz/presets": {"do": "go", "preset": "1"},
    "POST /revisions/{number}/restore": {"reason": "as it was"},
    "POST /sensors/finds/{find_id}/accept": {"id": "new", "site": "near-road"},
    "POST /grants": {"account": "no-such-thing", "kind": "community"},
    "PUT /me/notifications": {"language": "en", "channels": []},
    "PUT /phones": {"phones": []},
    "PUT /sites/{site_id}/phones": {"phones": []},
    "PUT /phones/people/{account}": {"number": None},
    "PUT /me/position": {"lat": 30.0, "lon": 120.0, "accuracy_m": 5},
    "POST /accounts": {"username": "near-resident", "password": "three words and a river", "role": "resident"},
    "PATCH /accounts/{account_id}": {},
    "POST /points/{account}/redeem": {"item": "soap", "amount": 100_000, "key": "k"},
    "PUT /areas/{area_id}/arming": {"armed": False},
    "PUT /sites/{site_id}/arming": {"armed": False},
    "PUT /duties": {"duties": []},
    "POST /cameras": {"id": "near-road-cam", "site": "near-road", "main": {"url": "rtsp://10.9.8.1/x"}},
    "PUT /cameras/{camera_id}": {"id": "{camera_id}", "site": "near-road", "main": {"url": "rtsp://10.9.8.1/x"}},
    "POST /areas": {"id": "near", "name": {"en": "Near"}},
    "POST /sites": {"id": "near-shop", "area": "near", "name": {"en": "Shop"}, "ring": "enterprise"},
    "PUT /areas/{area_id}/outline": {"corners": []},
    "PUT /handovers/{day}/{shift}": {"note": "key at the desk", "seen": 0},
    "POST /handovers/{day}/{shift}/confirm": {"seen": 0},
    "PUT /areas/{area_id}/plan/corners": {
        "south_west": {"lat": 30.0, "lon": 120.0},
        "north_east": {"lat": 30.1, "lon": 120.1},
    },
    "PUT /cameras/{camera_id}/place": {"location": None},
    "PUT /cameras/{camera_id}/zones": {"zones": [], "lines": [], "ground": None},
    "POST /cameras/{camera_id}/what-if": {"zones": []},
    "POST /cameras/{camera_id}/links": {"what": "clip", **SPAN},
    "POST /cameras/{camera_id}/recordings/delete": {**SPAN, "reason": "mine"},
    "POST /sensors": {"format": "plain", "address": NOT_THERE, "id": "new", "site": "near-road", "kinds": ["smoke"]},
    "POST /sensors/backfill": {},
    "POST /notices/test": {"recipient": NOT_THERE},
    "POST /notices/channels": {"id": "near-siren", "kind": "no-such-kind"},
    "PUT /notices/channels/{channel_id}": {"id": NOT_THERE, "kind": "mqtt"},
    "POST /notices/dry-run": {"move": "opened", "kind": "fire.smoke", "level": "yellow"},
    "POST /incidents/{incident_id}/comment": {"note": "seen"},
    "POST /incidents/{incident_id}/resolve": {"verdict": "true", "note": "out"},
    "POST /incidents/{incident_id}/shelve": {"reason": "work", "until": "2099-01-01T00:00:00Z"},
    "POST /incidents/{incident_id}/merge": {"into": "{incident_id}", "note": "same"},
    "POST /incidents/{incident_id}/split": {"alerts": [NOT_THERE], "note": "other"},
    "POST /incidents/{incident_id}/rate": {"stars": 5},
    "POST /incidents/{incident_id}/dispatch": {"unit": "near-responder"},
    "POST /incidents/{incident_id}/evidence": {"cameras": ["near-road-cam"], **SPAN, "reason": "more"},
    "POST /incidents/{incident_id}/evidence/release": {"reason": "over"},
    "POST /dispatches/{order_id}/decline": {"reason": "no"},
    "POST /dispatches/{order_id}/arrive": {"photo": True},
    "POST /dispatches/{order_id}/done": {"verdict": "true"},
    "POST /dispatches/{order_id}/cancel": {"reason": "no"},
    "POST /reports/{report_id}/rate": {"stars": 5},
    "POST /tasks": {"text": "sweep", "points": 1, "site": "near-shop"},
    "POST /tasks/{task_id}/send-back": {"note": "again"},
    "POST /silences": {
        "mode": "silence", "kind": "fire.smoke", "site": "near-shop", "reason": "work", "until": "{soon}",
    },
    "POST /silences/preview": {
        "mode": "silence", "kind": "fire.smoke", "site": "near-shop", "reason": "work", "until": "{soon}",
    },
    "POST /silences/{silence_id}/extend": {"until": "{soon}", "note": "more"},
    "POST /tours": {"name": {"en": "near walk"}, "steps": [{"cameras": ["near-road-cam"]}]},
    "PUT /tours/{tour_id}": {"name": {"en": "near walk"}, "steps": [{"cameras": ["near-road-cam"]}]},
    "POST /tours/{tour_id}/looks": {"step": 0, "finding": "fine"},
    "PATCH /rules/{rule_id}": {"state": "live"},
    "POST /rules/{rule_id}/rollback": {"version": 1},
}  # fmt: skip
TEXTS: Mapping[str, tuple[str, bytes]] = {
    "POST /rules": ("application/yaml", b"rule: near.x\n"),
    "PUT /rules/{rule_id}": ("application/yaml", b"rule: near.x\n"),
    "POST /rules/check": ("application/yaml", b"rule: near.x\n"),
    "PUT /dispatches/{order_id}/photo": ("image/jpeg", b"\xff\xd8 no picture"),
}
FORMS: Mapping[str, Mapping[str, str]] = {
    "POST /auth/token": {"username": "near-resident", "password": "no"},
    "POST /reports": {"client_id": "near-1", "category": "road_damage", "site": "near-shop", "text": "near-hole"},
    "POST /reports/{report_id}/photos": {"stage": "before"},
    "PUT /areas/{area_id}/plan": {"south": "30.0", "west": "120.0", "north": "30.1", "east": "120.1"},
}
PICTURED = ("POST /reports/{report_id}/photos", "PUT /areas/{area_id}/plan")
QUERIES: Mapping[str, Mapping[str, str]] = {
    "GET /rosters": {"area": "near"},
    "GET /cameras/{camera_id}/recordings": SPAN,
    "GET /cameras/{camera_id}/recordings.m3u8": SPAN,
    "GET /cameras/{camera_id}/clip.mp4": SPAN,
    "HEAD /cameras/{camera_id}/clip.mp4": SPAN,
    "GET /rules/{rule_id}/why-not": {"key": "near-road"},
}
ANSWERS: Mapping[str, frozenset[int]] = {
    "GET /areas/{area_id}/plan": frozenset({200, 404}),  # whether it has a picture
    "PUT /areas/{area_id}/plan/corners": frozenset({200, 404}),
    "GET /handovers/{day}/{shift}": frozenset({404}),  # that is no day
    "PUT /handovers/{day}/{shift}": frozenset({404}),
    "POST /handovers/{day}/{shift}/confirm": frozenset({404}),
    "PUT /me/password": frozenset({401, 403, 409, 422}),
    "POST /me/second-factor/confirm": frozenset({404, 409, 422}),
    "POST /me/second-factor/remove": frozenset({401, 403, 404, 409, 422}),
    "POST /me/erase": frozenset({401, 403, 409, 422}),
    "POST /me/outside-identities": frozenset({404}),  # nobody set a provider up
    "POST /accounts/{account_id}/outside-identities": frozenset({404}),
    "DELETE /accounts/{account_id}/outside-identities/{identity_id}": frozenset({404}),
    "POST /keys": frozenset({422}),
    "POST /invitations": frozenset({404, 422}),
    "POST /invitations/look": frozenset({404}),
    "POST /invitations/use": frozenset({404, 429}),
    "POST /invitations/outside": frozenset({404, 429}),
    "PUT /community": frozenset({415}),
    "POST /cameras/import": frozenset({415}),
    "POST /sensors/import": frozenset({415}),
    "POST /cameras/discover": frozenset({422}),
    "POST /cameras/probe": frozenset({200}),  # it says what is wrong with it
    "POST /cameras/{camera_id}/ptz/move": frozenset({200, 409}),  # one person at a time
    "POST /cameras/{camera_id}/ptz/stop": frozenset({200, 204, 409}),
    "POST /cameras/{camera_id}/ptz/presets": frozenset({200, 409}),
    "DELETE /accounts/{account_id}/second-factor": frozenset({204, 404}),
    "POST /cameras/try-still": frozenset({422}),
    "POST /cameras/{camera_id}/copy": frozenset({200, 412, 428, 422}),
    "POST /cameras/{camera_id}/shares": frozenset({422}),
    "DELETE /cameras/{camera_id}/shares/{share_id}": frozenset({404}),
    "POST /cameras/{camera_id}/break-glass": frozenset({201, 409, 429}),
    "DELETE /cameras/{camera_id}/break-glass": frozenset({200, 204, 404}),
    "POST /grants": frozenset({404, 422}),
    "POST /notices/test": frozenset({404}),
    "POST /notices/channels": frozenset({422}),
    "GET /notices/channels/{channel_id}": frozenset({404}),
    "PUT /notices/channels/{channel_id}": frozenset({404}),
    "DELETE /notices/channels/{channel_id}": frozenset({404}),
    "POST /backups": frozenset({422}),  # nobody wrote a passphrase down
    # What whoever may call is answered where it is not `DONE`.
    "GET /cameras/{camera_id}/live.m3u8": frozenset({503}),  # the cameras of these tests send no video
    "GET /cameras/{camera_id}/live/{name}": frozenset({404}),
    "GET /cameras/{camera_id}/recordings/{segment_id}.mp4": frozenset({404}),  # by a link alone
    "HEAD /cameras/{camera_id}/recordings/{segment_id}.mp4": frozenset({404}),
    "GET /dispatches/{order_id}/photo.jpg": frozenset({404}),
    "PUT /dispatches/{order_id}/photo": frozenset({409, 422}),
    "POST /rules": frozenset({422}),
    "PUT /rules/{rule_id}": frozenset({412}),
    "POST /sensors": frozenset({404}),
    "POST /reports": frozenset({200, 201}),
    "POST /tasks/{task_id}/take": frozenset({200, 404, 409}),  # who is first has it
    "POST /tasks/{task_id}/give-back": frozenset({200, 404, 409}),
    "POST /tasks/{task_id}/done": frozenset({200, 404, 409}),
    "POST /figures/rules/{rule_id}/trial": frozenset({202, 404, 429}),
    "GET /figures/rules/{rule_id}/trial/{trial_id}": frozenset({404}),
    "POST /rules/{rule_id}/backtest": frozenset({202, 429}),
    "POST /cameras/{camera_id}/what-if": frozenset({202, 409, 429}),
    "GET /cameras/{camera_id}/what-if/{trial_id}": frozenset({404}),
    "POST /auth/token": frozenset({401, 429}),
    "POST /auth/refresh": frozenset({401, 422}),
    "POST /setup": frozenset({404, 422}),
    "GET /ui/{path:path}": frozenset({404}),
    **{f"GET {short}": frozenset({307}) for short in MOVED},
    "GET /auth/oidc/start": frozenset({404}),  # nobody set a provider up
    "GET /auth/oidc/callback": frozenset({303}),
}


def call_of(method: str, path: str, params: Mapping[str, str]) -> dict[str, Any]:
    """What is sent to a route besides its path, for httpx."""
    name = f"{method} {path.removeprefix(PREFIX)}"
    made: dict[str, Any] = {}
    if name in BODIES:
        made["json"] = _filled(BODIES[name], params)
    if name in FORMS:
        made["data"] = dict(FORMS[name])
    if name in PICTURED:
        made["files"] = [("photo", ("a.jpg", phone_jpeg()))]
    if name in QUERIES:
        made["params"] = _filled(QUERIES[name], params)
    if name in TEXTS:
        kind, made["content"] = TEXTS[name]
        made["headers"] = {"Content-Type": kind}
    if method not in ("GET", "HEAD"):
        made["headers"] = {**NEVER, **made.get("headers", {})}
    return made


def answers_of(method: str, path: str) -> frozenset[int]:
    """What whoever may call a route is answered."""
    return ANSWERS.get(
        f"{method} {path.removeprefix(PREFIX)}", DONE if method not in ("GET", "HEAD") else frozenset({200})
    )


def _filled(value: Any, params: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value.format_map(params) if value.startswith("{") else value
    if isinstance(value, Mapping):
        return {name: _filled(each, params) for name, each in value.items()}
    return [_filled(each, params) for each in value] if isinstance(value, list) else value
