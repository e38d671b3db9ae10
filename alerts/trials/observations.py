"""Observations in words: what an Event says, for people, in Chinese and English.

    observation(event) -> 烟雾：报警 是, 浓度 4 / smoke: alarm yes, concentration 4

A kind or field that has no words here is called by its own name: new sensors need no change.
"""

from __future__ import annotations

from collections.abc import Mapping

from alerts.alert import Text
from hub.events import Event, FieldValue, Phase
from hub.sensors.kinds import KINDS, Number

_KINDS: Mapping[str, tuple[str, str]] = {
    "smoke": ("烟雾", "smoke"),
    "heat": ("温感", "heat"),
    "flame": ("火焰", "flame"),
    "gas": ("可燃气体", "combustible gas"),
    "co": ("一氧化碳", "carbon monoxide"),
    "fire_call": ("手动报警按钮", "fire call point"),
    "fire_panel": ("消防主机", "fire alarm panel"),
    "arc": ("电弧", "electric arc"),
    "residual_current": ("剩余电流", "residual current"),
    "cable_temperature": ("线缆温度", "cable temperature"),
    "power": ("用电", "power"),
    "mains": ("市电", "mains"),
    "power_use": ("用电活动", "use of electricity"),
    "water_leak": ("漏水", "water leak"),
    "water_use": ("用水活动", "use of water"),
    "water_level": ("水位", "water level"),
    "water_pressure": ("水压", "water pressure"),
    "water_flow": ("水流量", "water flow"),
    "road_water": ("路面积水", "water on the road"),
    "rain": ("雨量", "rain"),
    "wind": ("风", "wind"),
    "tilt": ("倾斜", "tilt"),
    "vibration": ("振动", "vibration"),
    "temperature": ("温度", "temperature"),
    "humidity": ("湿度", "humidity"),
    "weather_warning": ("气象预警", "weather warning"),
    "pm10": ("扬尘", "dust"),
    "noise": ("噪声", "noise"),
    "ph": ("酸碱度", "pH"),
    "turbidity": ("浊度", "turbidity"),
    "fill": ("满溢度", "fill"),
    "motion": ("活动", "motion"),
    "presence": ("有人", "presence"),
    "door": ("门", "door"),
    "fall": ("跌倒", "fall"),
    "sos": ("求助", "call for help"),
    "button": ("按钮", "button"),
    "phone_sos": ("手机求助", "call for help by phone"),
    "arming": ("布防", "arming"),
    "resident.away": ("居民外出", "resident away"),
    "resident.back": ("居民回家", "resident back"),
    "resident.ok": ("居民报平安", "resident says all is well"),
    "resident.report": ("居民上报", "report of a resident"),
    "tamper": ("防拆", "tamper contact"),
    "battery": ("电池", "battery"),
    "battery_low": ("电池电量低", "battery low"),
    "fault": ("故障", "fault"),
    "speed": ("车速", "speed"),
    "incident": ("交通事件", "traffic incident"),
    "camera.person": ("画面中有人", "person in the picture"),
    "camera.vehicle": ("画面中有车辆", "vehicle in the picture"),
    "camera.bicycle": ("画面中有自行车", "bicycle in the picture"),
    "camera.animal": ("画面中有动物", "animal in the picture"),
    "camera.mover": ("画面中有移动物体", "something moves in the picture"),
    "camera.review": ("Frigate 认为值得一看", "worth a look, says Frigate"),
    "camera.fire": ("画面中有火焰", "fire in the picture"),
    "camera.smoke": ("画面中有烟雾", "smoke in the picture"),
    "camera.crossing": ("越过计数线", "crossed a line"),
    "camera.count": ("每分钟计数", "counts of a minute"),
    "camera.wrong_way": ("画面中有车辆逆行", "a vehicle drives the wrong way"),
    "camera.congestion": ("画面中车辆排队", "vehicles queue in the picture"),
    "camera.collision": ("画面中车辆相撞", "vehicles collide in the picture"),
    "camera.person_down": ("画面中有人倒地", "somebody lies on the ground"),
    "camera.climbing": ("画面中有人攀爬", "somebody climbs over"),
    "camera.child_near_water": ("画面中儿童独自近水", "a child alone at the water"),
    "camera.people": ("画面中人数", "people in the picture"),
    "camera.crowd": ("画面中人群聚集", "a crowd in the picture"),
    "camera.running": ("画面中有人奔跑", "somebody runs"),
    "camera.panic": ("画面中多人奔散", "many run at once"),
    "camera.left_object": ("画面中有遗留物", "something was left behind"),
    "camera.removed_object": ("画面中物品不见了", "something is gone from its place"),
    "camera.plate": ("名单所及的车牌", "a plate that a list speaks of"),
    "camera.view_covered": ("镜头被遮挡", "lens covered"),
    "camera.view_blurred": ("画面模糊", "picture blurred"),
    "camera.view_moved": ("摄像头被转动", "camera turned"),
    "camera.view_frozen": ("画面不变", "the same picture again and again"),
    "camera.view_dark": ("画面过暗", "picture too dark"),
    "camera.view_glare": ("强光入镜", "blinded by light"),
    "camera.zones_out_of_place": ("区域错位", "zones out of place"),
    "camera.health": ("摄像头状态", "state of the camera"),
    "camera.recording": ("录像状态", "recording of the camera"),
    "sensor.health": ("传感器状态", "state of the sensor"),
    "gateway.health": ("网关状态", "state of the gateway"),
    "sensor.values": ("传感器数值", "values of the sensor"),
    "sensor.clock": ("设备时钟", "clock of the device"),
    "sensor.rate": ("上报频率", "rate of messages"),
    "broker.health": ("消息服务器状态", "state of the message broker"),
    "notifier.health": ("通知渠道状态", "state of the notifier"),
    "alarm.rate": ("报警频率", "rate of alarms"),
    "notices.health": ("警情送达状态", "whether news reach anybody"),
    "hub.disk": ("存储", "storage of the hub"),
    "hub.recordings": ("录像保存期", "how long recordings are kept"),
    "hub.clock": ("主机时钟", "clock of the hub"),
    "hub.analysis": ("画面分析", "analysis of pictures"),
    "hub.rules": ("规则状态", "state of a rule"),
}

WORDED = frozenset(_KINDS)
"""The kinds that have words here; all of those that cameras and the hub itself say are among them."""

_FIELDS: Mapping[str, tuple[str, str]] = {
    "alarm": ("报警", "alarm"),
    "test": ("自检", "self-test"),
    "muted": ("已消音", "muted"),
    "concentration": ("浓度", "concentration"),
    "temperature_c": ("温度", "temperature"),
    "lel_pct": ("爆炸下限浓度", "of the lower explosive limit"),
    "co_ppm": ("浓度", "concentration"),
    "valve_open": ("阀门打开", "valve open"),
    "pressed": ("按下", "pressed"),
    "action": ("动作", "action"),
    "current_ma": ("电流", "current"),
    "leak": ("漏水", "leak"),
    "level_m": ("水位", "level"),
    "distance_m": ("距离", "distance"),
    "pressure_mpa": ("压力", "pressure"),
    "depth_m": ("深度", "depth"),
    "fill_pct": ("满度", "full"),
    "open": ("打开", "open"),
    "armed": ("布防", "armed"),
    "fall": ("跌倒", "fall"),
    "posture": ("姿态", "posture"),
    "tamper": ("被拆动", "tampered with"),
    "percent": ("电量", "charge"),
    "low": ("低", "low"),
    "fault": ("故障", "fault"),
    "code": ("代码", "code"),
    "arc": ("电弧", "arc"),
    "point": ("点位", "point"),
    "level": ("级别", "level"),
    "headline": ("内容", "headline"),
    "active": ("生效", "in force"),
    "text": ("内容", "text"),
    "doubt": ("疑点", "doubt"),
    "plate": ("车牌", "plate"),
    "listed": ("名单所载", "as listed"),
    "list": ("名单", "list"),
    "list_kind": ("名单类别", "kind of list"),
    "match": ("比对", "match"),
    "owner": ("负责人", "owner"),
    "wrong": ("错误", "wrong"),
    "skew_s": ("偏差", "skew"),
    "flooding": ("过于频繁", "too often"),
    "free_pct": ("剩余空间", "free"),
    "short_days": ("少保存天数", "days too short"),
    "days": ("可保存天数", "days kept"),
    "promised_days": ("规定天数", "days promised"),
    "cameras": ("摄像头数", "cameras"),
    "failing": ("出错", "failing"),
    "recordings": ("录像盘", "for recordings"),
    "synchronised": ("已同步", "synchronised"),
    "offset_s": ("偏差", "offset"),
    "lag_s": ("滞后", "lag"),
    "blind": ("失明", "blind"),
    "rule": ("规则", "rule"),
    "ph": ("pH", "pH"),
    "stopped": ("停住", "stopped"),
    "label": ("类别", "class"),
    "zone_use": ("区域用途", "use of the zone"),
    "state": ("状态", "state"),
    "reason": ("原因", "reason"),
    "gateway": ("网关", "gateway"),
    "life_safety": ("生命安全设备", "life safety"),
    "motion": ("有人活动", "motion"),
    "present": ("存在", "present"),
    "used": ("在使用", "in use"),
    "volume_l": ("用量", "volume"),
    "away": ("外出", "away"),
    "back": ("回来", "back"),
    "ok": ("平安", "well"),
    "on": ("开启", "on"),
    "angle_deg": ("角度", "angle"),
    "vibration": ("振动", "vibration"),
    "ppm": ("浓度", "concentration"),
    "power_w": ("功率", "power"),
    "voltage_v": ("电压", "voltage"),
    "current_a": ("电流", "current"),
    "current_2_a": ("二相电流", "current of phase 2"),
    "current_3_a": ("三相电流", "current of phase 3"),
    "energy_kwh": ("电量", "energy"),
    "flow_l_min": ("流量", "flow"),
    "rain_mm": ("雨量", "rain"),
    "speed_m_s": ("速度", "speed"),
    "speed_kmh": ("速度", "speed"),
    "direction_deg": ("方向", "direction"),
    "lane": ("车道", "lane"),
    "humidity_pct": ("湿度", "humidity"),
    "pressure_hpa": ("气压", "pressure"),
    "illuminance_lx": ("照度", "illuminance"),
    "co2_ppm": ("浓度", "concentration"),
    "pm25_ug_m3": ("浓度", "concentration"),
    "pm10_ug_m3": ("浓度", "concentration"),
    "voc_ppb": ("浓度", "concentration"),
    "noise_db": ("声级", "level"),
    "turbidity_ntu": ("浊度", "turbidity"),
    "per_10_min": ("十分钟内", "in ten minutes"),
}

_WORDS: Mapping[str, tuple[str, str]] = {
    "offline": ("离线", "offline"),
    "online": ("在线", "online"),
    "lane": ("车道", "lane"),
    "stopping": ("可停车处", "stopping place"),
    "crossing": ("人行横道", "crossing"),
    "no_parking": ("禁停区", "no parking"),
    "fire_lane": ("消防通道", "fire lane"),
    "guarded": ("警戒区", "guarded"),
    "watched": ("留意区", "watched"),
    "wall": ("墙顶", "top of a wall"),
    "indoors": ("楼道", "indoors"),
    "post": ("值守岗位", "manned post"),
    "car": ("汽车", "car"),
    "truck": ("卡车", "truck"),
    "bus": ("客车", "bus"),
    "motorcycle": ("摩托车", "motorcycle"),
    "person": ("人", "person"),
    "wrong_way": ("逆行", "wrong way"),
    "stopped_vehicle": ("停车", "stopped vehicle"),
    "pedestrian": ("行人", "pedestrian"),
    "animal": ("牲畜", "animal"),
    "debris": ("抛洒物", "debris"),
    "intrusion": ("区域入侵", "intrusion"),
    "line_crossing": ("越线", "line crossed"),
    "loitering": ("徘徊", "loitering"),
    "object_left": ("遗留物", "object left"),
    "object_removed": ("物品移除", "object removed"),
    "crowd": ("人群聚集", "crowd"),
    "video_fault": ("视频故障", "video fault"),
    "fast_motion": ("快速移动", "fast movement"),
}

_ENDED = ("结束", "over")
_CONFIDENCE = ("置信度", "confidence")
_NUMBERS_ONLY = "camera."
"""What a camera measured besides is for those who tune detectors: only fields with words of their own are told."""


def observation(event: Event) -> Text:
    """What `event` says."""
    zh, en = (_told(event, language) for language in (0, 1))
    return Text(zh, en)


def kind_words(kind: str) -> Text:
    """What a kind of observation is called."""
    return Text(*_KINDS.get(kind, (kind, kind)))


def field_words(name: str) -> Text:
    """What a field is called."""
    return Text(*(_CONFIDENCE if name == "confidence" else _FIELDS.get(name, (name, name))))


def value_words(kind: str, name: str, value: FieldValue) -> Text:
    """A value of a field, with its unit."""
    return Text(_value(kind, name, value, 0), _value(kind, name, value, 1))


def unit_of(kind: str, name: str) -> str:
    """The unit of a field, empty when it has none."""
    known = KINDS[kind].fields.get(name) if kind in KINDS else None
    return known.unit if isinstance(known, Number) else ""


def _told(event: Event, language: int) -> str:
    kind = _KINDS.get(event.kind, (event.kind, event.kind))[language]
    parts = [_ENDED[language]] if event.phase is Phase.ENDED else []
    parts += [
        f"{_FIELDS.get(name, (name, name))[language]} {_value(event.kind, name, value, language)}"
        for name, value in event.fields.items()
        if name in _FIELDS or not event.kind.startswith(_NUMBERS_ONLY)
    ]
    if event.confidence is not None:
        parts.append(f"{_CONFIDENCE[language]} {event.confidence:.2f}")
    between, comma = ("：", "，") if language == 0 else (": ", ", ")
    return kind + between + comma.join(parts) if parts else kind


def _value(kind: str, name: str, value: FieldValue, language: int) -> str:
    if isinstance(value, bool):
        return ("是" if value else "否") if language == 0 else ("yes" if value else "no")
    if isinstance(value, str):
        return _WORDS.get(value, (value, value))[language]
    return f"{value:.6g} {unit_of(kind, name)}".rstrip()
