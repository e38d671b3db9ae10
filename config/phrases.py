"""Phrases: what several checks of settings say in the same words."""

from __future__ import annotations

import errno

from config.says import Says, says, together

IS_A_FILE = says("is a file; write a folder", "是文件；请写目录")
NOT_A_MAPPING = says("is not a mapping; write `name: value` lines", "不是键值；请写 `名称: 值` 这样的行")
SIDE_BY_SIDE = says(
    "`url` and `main` stand side by side; `url` is short for `main.url`, keep one",
    "`url` 和 `main` 同时写了；`url` 是 `main.url` 的简写，请只留一个",
)
TOO_DEEP = says("nests too deep", "嵌套太深")


def twice(word: str, before: str) -> Says:
    """A word that may stand once alone, and where it stood first."""
    return says(
        "`{word}` stands twice, first in {before}", "`{word}` 写了两次，第一次在 {before}", word=word, before=before
    )


def another(words: Says) -> Says:
    """Words with the advice to take another."""
    return together(words, says("; write another", "；请换一个"))


def no_file(path: object) -> Says:
    """A file is not there."""
    return says("no such file: {path}", "没有这个文件：{path}", path=path)


_WHY = {
    errno.ENOENT: "没有这个文件",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EISDIR: "是目录，不是文件",
    errno.ENOTDIR: "路径中间有一段不是目录",
    errno.ENAMETOOLONG: "路径太长",
    errno.EIO: "磁盘出错",
}


def os_says(error: OSError) -> Says:
    """Why the system could not read a file."""
    return says("{why}", "{zh}", why=error.strerror, zh=_WHY.get(error.errno or 0, f"系统说 {error.strerror}"))


def no_folder(path: object) -> Says:
    """A folder is not there."""
    return says("no such folder: {path}", "没有这个目录：{path}", path=path)


def unreadable_host(form: str) -> Says:
    """An address out of which no host can be read."""
    return says("host or port cannot be read; write {form}", "看不出主机或端口；请写成 {form}", form=form)
