"""The kinds of alert there are: what a rule may raise, with names, usual level and where it comes from.

An alert kind is never an observation kind: what drivers and detectors say stands in docs/reference/events.md, what a
rule makes of it stands here. The first word is the family, by which alerts of one place are gathered into one
incident. Levels are starting values for one site and not certified for life safety; a rule may raise its kind at
another level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from config.community import Level, Name


@dataclass(frozen=True, slots=True)
class AlertKind:
    """One kind of alert.

    Attributes:
        kind: `family.name`.
        zh: Its Chinese name.
        en: Its English name.
        level: The usual level; for kinds whose level follows a value, the lowest one.
        sources: C camera, S sensor, H health, P person, X outside feed; several when it takes several.
        waits_for: Which input is missing; None when a shipped rule raises it.
    """

    kind: str
    zh: str
    en: str
    level: Level
    sources: str
    waits_for: Name | None = None


def family(kind: str) -> str:
    """The first word of an alert kind: `fire` of `fire.smoke`."""
    return kind.partition(".")[0]


_WAITS: Mapping[str, Name] = {
    "road.people_in_cargo": Name(zh="货厢载人检测器", en="a detector of people in the cargo bed of a vehicle"),
    "road.no_helmet": Name(zh="骑行头盔检测器", en="a detector of helmets on riders"),
    "crowd.fight": Name(zh="人体姿态或打斗检测器", en="a detector of poses or fights"),
    "person.watch": Name(
        zh="人员比对，须有法律依据、期限和人工确认",
        en="a comparison of persons, with its legal basis, an expiry and a human who confirms",
    ),
    "work.no_hardhat": Name(zh="安全帽检测器", en="a detector of hard hats"),
    "work.smoking": Name(zh="吸烟检测器", en="a detector of smoking"),
}
"""Which input a kind without a shipped rule waits for."""

ALERT_KINDS: Mapping[str, AlertKind] = MappingProxyType(
    {
        each.kind: replace(each, waits_for=_WAITS.get(each.kind))
        for each in (
            AlertKind("fire.smoke", "烟感报警", "Smoke detector alarm", Level.SERIOUS, "S"),
            AlertKind("fire.heat", "温感报警", "Heat alarm", Level.SERIOUS, "S"),
            AlertKind("fire.camera_flame", "画面火焰", "Flame in the picture", Level.SERIOUS, "C"),
            AlertKind("fire.camera_smoke", "画面烟雾", "Smoke in the picture", Level.WARNING, "C"),
            AlertKind("fire.confirmed", "双源确认火情", "Fire confirmed by two sources", Level.CRITICAL, "CS"),
            AlertKind("fire.manual_call", "手动报警按钮", "Fire call point", Level.CRITICAL, "S"),
            AlertKind("fire.panel", "消防主机火警", "Fire alarm panel", Level.CRITICAL, "X"),
            AlertKind("fire.open_burning", "露天/秸秆焚烧", "Open burning", Level.WARNING, "C"),
            AlertKind("fire.lane_blocked", "消防通道占用", "Fire lane blocked", Level.WARNING, "C"),
            AlertKind("fire.ebike_indoors", "电动车进楼充电", "E-bike charging indoors", Level.WARNING, "CS"),
            AlertKind("fire.hydrant_pressure", "消防水压低", "Low hydrant pressure", Level.WARNING, "S"),
            AlertKind("fire.equipment_missing", "消防器材缺失", "Fire equipment missing", Level.NOTICE, "C"),
            AlertKind("gas.combustible", "可燃气体", "Combustible gas", Level.SERIOUS, "S"),
            AlertKind("gas.co", "一氧化碳", "Carbon monoxide", Level.SERIOUS, "S"),
            AlertKind("gas.repeated", "燃气多次报警", "Gas detector alarms again and again", Level.WARNING, "S"),
            AlertKind("power.residual_current", "剩余电流", "Residual current", Level.SERIOUS, "S"),
            AlertKind("power.cable_temperature", "线缆温度", "Cable too hot", Level.SERIOUS, "S"),
            AlertKind("power.arc", "故障电弧", "Electric arc", Level.SERIOUS, "S"),
            AlertKind("power.overload", "过载/异常用电", "Overload", Level.WARNING, "S"),
            AlertKind("power.outage", "停电", "Power outage", Level.WARNING, "S"),
            AlertKind("water.leak", "漏水", "Water leak", Level.WARNING, "S"),
            AlertKind("flood.level", "河道水位", "River level", Level.NOTICE, "S"),
            AlertKind("flood.rising", "水位急涨", "River rises fast", Level.SERIOUS, "S"),
            AlertKind("flood.road", "路面积水", "Water on the road", Level.SERIOUS, "CS"),
            AlertKind("geo.tilt", "边坡/房屋倾斜", "Slope or house tilts", Level.SERIOUS, "S"),
            AlertKind("weather.warning", "气象预警", "Weather warning", Level.NOTICE, "X"),
            AlertKind("env.temperature", "温度异常(冷库/大棚)", "Temperature out of range", Level.NOTICE, "S"),
            AlertKind("road.crash", "交通事故", "Traffic accident", Level.SERIOUS, "C"),
            AlertKind("road.stopped_vehicle", "异常停车", "Stopped vehicle", Level.WARNING, "C"),
            AlertKind("road.wrong_way", "逆行", "Wrong-way driver", Level.SERIOUS, "C"),
            AlertKind("road.congestion", "拥堵", "Congestion", Level.NOTICE, "C"),
            AlertKind("road.pedestrian", "行人上路", "Pedestrian on the road", Level.WARNING, "C"),
            AlertKind("road.animal", "牲畜上路", "Animal on the road", Level.WARNING, "C"),
            AlertKind("road.debris", "抛洒物/落石", "Debris on the road", Level.SERIOUS, "C"),
            AlertKind("road.speeding", "超速", "Speeding", Level.NOTICE, "CS"),
            AlertKind("road.radar_incident", "雷达交通事件", "Incident seen by radar", Level.WARNING, "S"),
            AlertKind("road.illegal_parking", "违停 (停车侦测)", "Illegal parking", Level.NOTICE, "C"),
            AlertKind("road.people_in_cargo", "农用车违法载人", "People in a cargo bed", Level.WARNING, "C"),
            AlertKind("road.no_helmet", "未戴头盔", "Rider without helmet", Level.INFO, "C"),
            AlertKind("vehicle.watch", "布控车辆", "Wanted vehicle", Level.SERIOUS, "C"),
            AlertKind("vehicle.night_stranger", "夜间陌生车辆", "Unknown vehicle at night", Level.NOTICE, "C"),
            AlertKind("area.intrusion", "区域入侵", "Intrusion", Level.WARNING, "C"),
            AlertKind("line.crossing", "越线", "Line crossed", Level.NOTICE, "C"),
            AlertKind("area.loitering", "徘徊", "Loitering", Level.WARNING, "C"),
            AlertKind("area.climbing", "攀爬翻越", "Climbing over", Level.SERIOUS, "C"),
            AlertKind("crowd.density", "人群聚集", "Crowd", Level.WARNING, "C"),
            AlertKind("crowd.fight", "打斗/骚乱", "Fight", Level.SERIOUS, "C"),
            AlertKind("motion.fast", "快速移动", "Fast movement", Level.NOTICE, "C"),
            AlertKind("crowd.panic", "人群奔散", "Crowd runs apart", Level.SERIOUS, "C"),
            AlertKind("object.left", "遗留物", "Object left behind", Level.WARNING, "C"),
            AlertKind("object.removed", "物品移除", "Object removed", Level.WARNING, "C"),
            AlertKind("person.watch", "布控人员", "Wanted person", Level.SERIOUS, "C"),
            AlertKind("door.armed_open", "布防开门", "Door opened while armed", Level.WARNING, "S"),
            AlertKind("door.left_open", "门未关", "Door left open", Level.NOTICE, "S"),
            AlertKind("device.tamper", "设备防拆", "Device tampered with", Level.WARNING, "S"),
            AlertKind("sos.button", "一键求助", "SOS button", Level.CRITICAL, "S"),
            AlertKind("sos.app", "手机求助", "SOS from a phone", Level.CRITICAL, "P"),
            AlertKind("care.fall", "跌倒", "Fall", Level.SERIOUS, "CS"),
            AlertKind("care.no_activity", "独居老人无活动", "No activity of a person living alone", Level.SERIOUS, "S"),
            AlertKind("care.night_leaving", "老人夜间外出未归", "Elderly person out at night", Level.SERIOUS, "CS"),
            AlertKind("care.child_near_water", "儿童近水", "Child near water", Level.SERIOUS, "C"),
            AlertKind("env.bin_full", "垃圾满溢", "Bin full", Level.NOTICE, "CS"),
            AlertKind("env.dumping", "乱倒垃圾", "Dumping", Level.WARNING, "C"),
            AlertKind("env.discharge", "企业排放异常", "Discharge out of limits", Level.WARNING, "S"),
            AlertKind("env.dust_noise", "扬尘噪声", "Dust or noise", Level.NOTICE, "S"),
            AlertKind("work.no_hardhat", "未戴安全帽", "Without hard hat", Level.NOTICE, "C"),
            AlertKind("work.smoking", "禁烟区吸烟", "Smoking where forbidden", Level.WARNING, "C"),
            AlertKind("work.post_empty", "消控室离岗", "Control room unmanned", Level.WARNING, "C"),
            AlertKind("camera.video_loss", "视频丢失", "Video lost", Level.WARNING, "H"),
            AlertKind("camera.covered", "镜头遮挡", "Camera covered", Level.WARNING, "C"),
            AlertKind("camera.blurred", "虚焦/脏污", "Picture blurred or dirty", Level.NOTICE, "C"),
            AlertKind("camera.moved", "场景变更", "Camera moved", Level.WARNING, "C"),
            AlertKind("camera.frozen", "画面冻结", "Picture frozen", Level.WARNING, "H"),
            AlertKind("camera.dark_glare", "过暗/过曝", "Picture too dark or too bright", Level.NOTICE, "C"),
            AlertKind("camera.sabotage", "人为破坏摄像头", "Camera sabotaged", Level.SERIOUS, "C"),
            AlertKind("sensor.offline", "传感器离线", "Sensor offline", Level.NOTICE, "H"),
            AlertKind("sensor.battery_low", "电量低", "Battery low", Level.NOTICE, "S"),
            AlertKind("sensor.fault", "传感器故障/到期", "Sensor fault", Level.NOTICE, "S"),
            AlertKind("sensor.stuck", "数值停滞/越界", "Sensor value stuck", Level.NOTICE, "H"),
            AlertKind("sensor.clock_wrong", "设备时钟错误", "Device clock wrong", Level.NOTICE, "H"),
            AlertKind("gateway.offline", "网关/网桥离线", "Gateway offline", Level.WARNING, "H"),
            AlertKind("hub.recording_gap", "录像缺失", "Gap in recordings", Level.WARNING, "H"),
            AlertKind("hub.storage", "存储不足/磁盘故障", "Storage full or failing", Level.SERIOUS, "H"),
            AlertKind("hub.analytics_lag", "分析滞后", "Analysis lags behind", Level.WARNING, "H"),
            AlertKind("hub.rule_blind", "规则失明", "Rule is blind", Level.WARNING, "H"),
            AlertKind("hub.notify_failed", "通知失败", "Notification failed", Level.SERIOUS, "H"),
            AlertKind("alarm.flood", "告警洪泛", "Flood of alarms", Level.WARNING, "H"),
            AlertKind("time.unsynced", "系统时间失步", "System time not synchronised", Level.WARNING, "H"),
            AlertKind("report.resident", "居民随手拍", "Report of a resident", Level.NOTICE, "P"),
        )
    }
)
"""All of them, by kind."""
