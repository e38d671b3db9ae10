"""What pydantic finds wrong, in Chinese: one text for each of its error types, with what it tells beside in `{ }`.

`config/messages.py` has better words for what is written in files; these are for all the rest, and for the bodies and
parameters of requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from config.says import Says, said_by

_TIME = "应为时刻，如 08:30"
_MOMENT = "应为日期和时间，如 2026-03-03T20:00:00+08:00"
_SPAN = "应为时长，如 PT10M"
_NUMBER = "应为数"
_ARGUMENT = "参数不对"

CHINESE: Mapping[str, str] = MappingProxyType(
    {
        "no_such_attribute": "没有属性 `{attribute}`",
        "json_invalid": "不是 JSON：{error}",
        "json_type": "应为 JSON 文字",
        "needs_python_object": "这里只能在程序里检查",
        "recursion_loop": "包含了自己",
        "recursion_depth_exceeded": "嵌套太深",
        "missing": "缺少",
        "frozen_field": "不能更改",
        "frozen_instance": "不能更改",
        "extra_forbidden": "没有这个键",
        "invalid_key": "键应为文字",
        "get_attribute_error": "读不出：{error}",
        "model_type": "应为一组键值",
        "model_attributes_type": "应为一组键值",
        "dataclass_type": "应为一组键值",
        "dataclass_exact_type": "应为 {class_name}",
        "named_tuple_type": "应为列表",
        "default_factory_not_called": "缺少别的值，无法得出默认值",
        "none_required": "应为空",
        "greater_than": "应大于 {gt}",
        "greater_than_equal": "不应小于 {ge}",
        "less_than": "应小于 {lt}",
        "less_than_equal": "不应大于 {le}",
        "multiple_of": "应为 {multiple_of} 的倍数",
        "finite_number": "应为有限的数",
        "too_short": "至少要有 {min_length} 项，现在有 {actual_length} 项",
        "too_long": "最多 {max_length} 项，现在有 {actual_length} 项",
        "iterable_type": "应为列表",
        "iteration_error": "列表读不下去：{error}",
        "string_type": "应为文字",
        "string_unicode": "不是 UTF-8 文字",
        "string_too_short": "至少 {min_length} 个字符",
        "string_too_long": "最多 {max_length} 个字符",
        "string_pattern_mismatch": "应符合 {pattern}",
        "string_not_ascii": "只能用英文字母、数字和符号",
        "enum": "应为 {expected} 之一",
        "dict_type": "应为一组键值",
        "frozen_dict_type": "应为一组键值",
        "ordered_dict_type": "应为一组键值",
        "counter_type": "应为一组键值",
        "mapping_type": "应为一组键值",
        "list_type": "应为列表",
        "deque_type": "应为列表",
        "tuple_type": "应为列表",
        "set_type": "应为列表",
        "set_item_not_hashable": "这里不能放列表或一组键值",
        "bool_type": "应为 true 或 false",
        "bool_parsing": "应为 true 或 false",
        "int_type": "应为整数",
        "int_parsing": "应为整数",
        "int_parsing_size": "数太大",
        "int_from_float": "应为整数，不能有小数",
        "float_type": _NUMBER,
        "float_parsing": _NUMBER,
        "bytes_type": "应为字节",
        "bytes_too_short": "至少 {min_length} 字节",
        "bytes_too_long": "最多 {max_length} 字节",
        "bytes_invalid_encoding": "编码不对：{encoding_error}",
        "literal_error": "应为 {expected} 之一",
        "missing_sentinel_error": "应留空不写",
        "ellipsis_error": "应为 ...",
        "date_type": "应为日期，如 2026-12-31",
        "date_parsing": "应为日期，如 2026-12-31",
        "date_from_datetime_parsing": "应为日期，如 2026-12-31",
        "date_from_datetime_inexact": "应为日期，不带时间",
        "date_past": "日期应在今天之前",
        "date_future": "日期应在今天之后",
        "time_type": _TIME,
        "time_parsing": _TIME,
        "datetime_type": _MOMENT,
        "datetime_parsing": _MOMENT,
        "datetime_object_invalid": _MOMENT,
        "datetime_from_date_parsing": _MOMENT,
        "datetime_past": "时间应在现在之前",
        "datetime_future": "时间应在现在之后",
        "timezone_naive": "不应带时区",
        "timezone_aware": "应带时区，如 2026-03-03T20:00:00+08:00",
        "timezone_offset": "时区应为 {tz_expected} 秒，现在是 {tz_actual} 秒",
        "time_delta_type": _SPAN,
        "time_delta_parsing": _SPAN,
        "frozen_set_type": "应为列表",
        "is_instance_of": "应为 {class}",
        "is_subclass_of": "应为 {class}",
        "callable_type": "应为函数",
        "union_tag_invalid": "`{tag}` 无效；{discriminator} 应为 {expected_tags} 之一",
        "union_tag_not_found": "缺少 {discriminator}",
        "arguments_type": _ARGUMENT,
        "missing_argument": _ARGUMENT,
        "unexpected_keyword_argument": _ARGUMENT,
        "missing_keyword_only_argument": _ARGUMENT,
        "unexpected_positional_argument": _ARGUMENT,
        "missing_positional_only_argument": _ARGUMENT,
        "multiple_argument_values": _ARGUMENT,
        "url_type": "应为网址",
        "url_parsing": "不是网址：{error}",
        "url_syntax_violation": "网址写法不对：{error}",
        "url_too_long": "网址最长 {max_length} 个字符",
        "url_scheme": "网址应以 {expected_schemes} 开头",
        "uuid_type": "应为 UUID",
        "uuid_parsing": "不是 UUID",
        "uuid_version": "应为第 {expected_version} 版 UUID",
        "decimal_type": _NUMBER,
        "decimal_parsing": _NUMBER,
        "decimal_max_digits": "最多 {max_digits} 位数字",
        "decimal_max_places": "小数最多 {decimal_places} 位",
        "decimal_whole_digits": "整数部分最多 {whole_digits} 位",
        "fraction_type": _NUMBER,
        "fraction_parsing": _NUMBER,
        "complex_type": _NUMBER,
        "complex_str_parsing": _NUMBER,
    }
)
"""By error type; `value_error` and `assertion_error` bring their own words."""


def pydantic_says(error: Mapping[str, Any]) -> Says:
    """What pydantic says of one error, as it gives it; of a ValueError of ours, what that says."""
    told: Mapping[str, Any] = error.get("ctx") or {}
    raised = told.get("error")
    if isinstance(raised, Exception):
        return said_by(raised)
    text = str(error.get("msg", ""))
    chinese = CHINESE.get(str(error.get("type")))
    return Says(text, f"不能这样写：{text}" if chinese is None else chinese.format_map(_Told(told)))


class _Told(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "…"
