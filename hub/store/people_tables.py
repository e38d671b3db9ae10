"""Tables of who may do what, what households decided, and what was seen and changed."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    event,
)

from hub.store.tables import SEQUENCE, metadata

grants = Table(
    "grants",
    metadata,
    Column("id", Text, primary_key=True, comment="random"),
    Column("account", Text, ForeignKey("accounts.id"), nullable=False, comment="for whom"),
    Column("kind", Text, nullable=False, comment="community, area, site, camera or household"),
    Column("place", Text, nullable=False, comment="its id; empty for the community"),
    Column("site", Text, comment="of a camera: where it was then; of its pictures no others count as shared"),
    Column("permissions", JSON, nullable=False, comment="names of what it allows; null for all that the role allows"),
    Column("starts", Text, comment="counts from then"),
    Column("ends", Text, comment="counts up to then"),
    Column("given_by", Text, nullable=False, comment="account name"),
    Column("given", Text, nullable=False, comment="when"),
    Column("reason", Text, nullable=False, comment="why"),
    Column("since", Text, comment="of a household: what was recorded from then on is his too; null from its beginning"),
    Column("waits", Boolean, comment="of a household: counts when somebody who lives there has confirmed it"),
    Column("taken_back", Text, comment="when; such a grant counts no more"),
    Column("taken_back_by", Text, comment="account name"),
    Index("ix_grants_account", "account"),
    comment="where somebody may do what the role allows",
)

contact_homes = Table(
    "contact_homes",
    metadata,
    Column("id", Text, primary_key=True, comment="random"),
    Column("name", Text, nullable=False, comment="account name, as the settings name it"),
    Column("site", Text, nullable=False, comment="where that person lives"),
    Column("at", Text, nullable=False, comment="when the settings began to say so"),
    Column("since", Text, comment="what was recorded from then on is his; null for all, of who was the first there"),
    Column("waits", Boolean, nullable=False, comment="counts when somebody who lives there has confirmed it"),
    Column("ended", Text, comment="when the settings said so no more, or somebody who lives there refused it"),
    Index("ix_contact_homes_site", "site"),
    comment="since when settings name somebody for a home",
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True, comment="random; shown"),
    Column("digest", LargeBinary, nullable=False, unique=True, comment="SHA-256 of the key; the key is shown once"),
    Column("account", Text, ForeignKey("accounts.id"), nullable=False, comment="whose; it never does more than he may"),
    Column("name", Text, nullable=False, comment="what it is for"),
    Column("permissions", JSON, nullable=False, comment="its scope"),
    Column("cameras", JSON, nullable=False, comment="camera ids; null for all"),
    Column("created", Text, nullable=False, comment="when"),
    Column("expires", Text, nullable=False, comment="good up to then"),
    Column("used", Text, comment="when last, to the minute"),
    Column("ended", Text, comment="when somebody ended it"),
    comment="for devices and services",
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", Text, primary_key=True, comment="random"),
    Column("digest", LargeBinary, nullable=False, unique=True, comment="SHA-256 of what the link carries"),
    Column("role", Text, nullable=False, comment="of the account that it makes"),
    Column("sites", JSON, nullable=False, comment="where that person lives"),
    Column("note", Text, nullable=False, comment="for whom, in words"),
    Column("made_by", Text, nullable=False, comment="account name"),
    Column("made", Text, nullable=False, comment="when"),
    Column("expires", Text, nullable=False, comment="good up to then"),
    Column("used", Text, comment="when; it works once"),
    Column("account", Text, comment="the account that came of it"),
    Column("ended", Text, comment="when somebody took it back"),
    comment="links by which residents make their accounts",
)

consents = Table(
    "consents",
    metadata,
    Column("camera", Text, primary_key=True, comment="camera of a household"),
    Column("version", Integer, primary_key=True, autoincrement=False, comment="counts up; the newest is in force"),
    Column("site", Text, nullable=False, comment="the household that decided it; at another site it does not count"),
    Column("at", Text, nullable=False, comment="when"),
    Column("account", Text, nullable=False, comment="id of the resident's account"),
    Column("author", Text, nullable=False, comment="its name then"),
    Column("analyse", Text, nullable=False, comment="nothing, safety or all"),
    Column("watch", Text, nullable=False, comment="the room may watch: never, incident or always"),
    Column("keep_days", Integer, comment="days kept at most; null as the community keeps"),
    comment="what residents agreed to, every version of it",
)

held_cameras = Table(
    "held_cameras",
    metadata,
    Column("camera", Text, primary_key=True, comment="a camera that stood at a home where somebody lives"),
    Column("site", Text, primary_key=True, comment="the home; what it decided follows the camera wherever it is"),
    Column("addresses", JSON, nullable=False, comment="by which it is read: host and path"),
    Column("at", Text, nullable=False, comment="when"),
    comment="cameras of homes, until somebody who lives there lets them go",
)

shares = Table(
    "shares",
    metadata,
    Column("id", Text, primary_key=True, comment="random"),
    Column("camera", Text, nullable=False, comment="which"),
    Column("site", Text, nullable=False, comment="of the household that shares it"),
    Column("name", Text, nullable=False, comment="with whom, as it was typed; nobody is told whether there is one"),
    Column("account", Text, comment="id of that account; null when there was none, then it gives nothing"),
    Column("grant", Text, comment="id of the grant that came of it"),
    Column("by", Text, nullable=False, comment="id of the account that shared it"),
    Column("author", Text, nullable=False, comment="its name then"),
    Column("at", Text, nullable=False, comment="when; counts from then"),
    Column("until", Text, nullable=False, comment="counts up to then"),
    Column("recordings", Boolean, nullable=False, comment="also what is recorded from then on, not live alone"),
    Column("ended", Text, comment="when a resident ended it"),
    Index("ix_shares_camera", "camera", "site"),
    comment="cameras of households shared with neighbours and family",
)

glass_breaks = Table(
    "glass_breaks",
    metadata,
    Column("id", Text, primary_key=True, comment="random"),
    Column("camera", Text, nullable=False, comment="which"),
    Column("site", Text, nullable=False, comment="whose household"),
    Column("account", Text, nullable=False, comment="id of who looks"),
    Column("author", Text, nullable=False, comment="his name"),
    Column("reason", Text, nullable=False, comment="why, in his words"),
    Column("at", Text, nullable=False, comment="when"),
    Column("ends", Text, nullable=False, comment="good up to then"),
    Index("ix_glass_breaks_camera", "camera", "ends"),
    comment="views of a household's camera against its consent",
)

audit = Table(
    "audit",
    metadata,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=True, comment="counts up without a gap"),
    Column("at", Text, nullable=False, comment="when"),
    Column("account", Text, nullable=False, comment="id of who did it; empty for nobody known"),
    Column("actor", Text, nullable=False, comment="his name, or what was typed, or `system`, `console`, `file`"),
    Column("role", Text, nullable=False, comment="his role; empty for nobody known"),
    Column("action", Text, nullable=False, comment="as `hub.audit.Action`"),
    Column("outcome", Text, nullable=False, comment="done, refused or failed"),
    Column("object_kind", Text, nullable=False, comment="camera, incident, account, ...; empty for none"),
    Column("object", Text, nullable=False, comment="its id"),
    Column("camera", Text, comment="whose pictures or settings it is about"),
    Column("site", Text, comment="where, for what lies somewhere"),
    Column("address", Text, nullable=False, comment="from which network address"),
    Column("body", Text, nullable=False, comment="more about it, canonical JSON"),
    Column("hash", LargeBinary, nullable=False, comment="SHA-256 over the row and the hash of the row before"),
    Index("ix_audit_at", "at"),
    Index("ix_audit_account", "account", "seq"),
    Index("ix_audit_actor", "actor", "seq"),
    Index("ix_audit_camera", "camera", "seq"),
    Index("ix_audit_object", "object_kind", "object", "seq"),
    comment="append-only, each row bound to all before it; triggers refuse anything else",
)
AUDIT_TRIGGERS = {
    "sqlite": (
        (
            "CREATE TRIGGER audit_no_change BEFORE UPDATE ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
        ),
        (
            "CREATE TRIGGER audit_no_removal BEFORE DELETE ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
        ),
        (
            "CREATE TRIGGER audit_no_gap BEFORE INSERT ON audit "
            "WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit) "
            "BEGIN SELECT RAISE(ABORT, 'the audit log has no gap'); END"
        ),
    ),
    "postgresql": (
        (
            "CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$"
        ),
        (
            "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()"
        ),
    ),
}
"""As in the migration: who changes a row by hand has to take a trigger away first."""


def _make_triggers(_table: Table, connection: Connection, **_more: object) -> None:
    for statement in AUDIT_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


event.listen(audit, "after_create", _make_triggers)

second_factors = Table(
    "second_factors",
    metadata,
    Column("account", Text, ForeignKey("accounts.id"), primary_key=True, comment="whose"),
    Column("secret", Text, nullable=False, comment="TOTP secret, base32"),
    Column("confirmed", Boolean, nullable=False, comment="a code was shown; before that it is not asked for"),
    Column("step", Integer, nullable=False, comment="the newest time step whose code was used; none works twice"),
    Column("recovery", JSON, nullable=False, comment="SHA-256 of the codes for a lost phone that are left"),
    comment="TOTP",
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("family", Text, primary_key=True, comment="as in refresh_tokens"),
    Column("account", Text, ForeignKey("accounts.id"), nullable=False, comment="whose"),
    Column("began", Text, nullable=False, comment="when"),
    Column("used", Text, nullable=False, comment="when its refresh token was last exchanged"),
    Column("address", Text, nullable=False, comment="network address it was begun from"),
    Column("agent", Text, nullable=False, comment="what the browser calls itself"),
    Column("through", Text, nullable=False, comment="`password`, or the issuer that vouched for the person"),
    Index("ix_sign_ins_account", "account"),
    comment="where somebody is signed in",
)

sign_outs = Table(
    "sign_outs",
    metadata,
    Column("account", Text, ForeignKey("accounts.id"), primary_key=True, comment="whose"),
    Column("times", Integer, nullable=False, comment="how often all of it was ended; tokens carry the number"),
    comment="accounts whose tokens and links from before are good no more",
)

outside_identities = Table(
    "outside_identities",
    metadata,
    Column("issuer", Text, primary_key=True, comment="the OpenID provider"),
    Column("subject", Text, primary_key=True, comment="how it knows the person"),
    Column("account", Text, ForeignKey("accounts.id"), nullable=False, comment="who that is here"),
    Column("linked", Text, nullable=False, comment="when"),
    comment="accounts that sign in through a provider of OpenID Connect",
)
