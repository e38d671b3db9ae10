"""What libyaml finds wrong in a text, in Chinese: one text for each of its messages about what people write."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from config.says import Says

CHINESE: Mapping[str, str] = MappingProxyType(
    {
        "cannot be understood": "看不懂",
        "could not find expected ':'": "少了冒号",
        "did not find expected key": "这里应是一个键",
        "did not find expected '-' indicator": "这里应是以 - 开头的列表项",
        "did not find expected ',' or ']'": "少了逗号或 ]",
        "did not find expected ',' or '}'": "少了逗号或 }",
        "did not find expected node content": "这里少了内容",
        "did not find expected <document start>": "这里已在文档之外",
        "did not find expected whitespace or line break": "这里少了空格或换行",
        "did not find expected comment or line break": "这里应是注释或换行",
        "did not find expected alphabetic or numeric character": "这里应是字母或数字",
        "did not find expected hexdecimal number": "这里应是十六进制数",
        "did not find expected digit or '.' character": "这里应是数字或点",
        "did not find expected version number": "少了版本号",
        "did not find expected directive name": "少了指令名称",
        "did not find expected tag URI": "少了标签的地址",
        "did not find expected '!'": "少了 !",
        "did not find the expected '>'": "少了 >",
        "did not find URI escaped octet": "标签的地址写法不对",
        "block collection entries are not allowed in this context": "这里不能写列表项",
        "block sequence entries are not allowed in this context": "这里不能写列表项",
        "mapping keys are not allowed in this context": "这里不能写键",
        "mapping values are not allowed in this context": "这里不能写冒号加值",
        "found character that cannot start any token": "有不能用在开头的字符",
        "found unexpected end of stream": "引号或括号没有收尾",
        "found unexpected document indicator": "文字中间出现了 --- 或 ...",
        "found unexpected ':'": "这里不应有冒号",
        "found unknown escape character": "反斜杠后的字符不认识",
        "found invalid Unicode character escape code": "字符编号无效",
        "found a tab character that violates indentation": "缩进用了制表符",
        "found a tab character where an indentation space is expected": "缩进用了制表符",
        "found an indentation indicator equal to 0": "缩进数不能是 0",
        "found undefined tag handle": "标签没有定义",
        "found duplicate %YAML directive": "%YAML 写了两次",
        "found duplicate %TAG directive": "%TAG 写了两次",
        "found incompatible YAML document": "YAML 版本不对",
        "found extremely long version number": "版本号太长",
        "found unknown directive name": "不认识的指令",
        "while scanning a simple key": "键没有写完",
    }
)
"""By its words; any others stand behind ours."""


def yaml_says(problem: str) -> Says:
    """What libyaml found wrong in a text."""
    return Says(problem, CHINESE.get(problem, f"写法不对（{problem}）"))
