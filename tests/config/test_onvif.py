"""A camera's ONVIF service: how it may be written, and what is never shown of it."""

from __future__ import annotations

import pytest

from config.community import Camera, Community
from config.load import check_community, parse
from config.onvif import Onvif
from config.secrets import Secret
from hub.errors import ConfigurationError


def camera(onvif: object) -> Camera:
    return parse(Camera, {"id": "gate", "site": "home", "url": "rtsp://10.0.0.2/1", "onvif": onvif}, file=None)


def test_the_address_alone_is_enough_and_its_credentials_are_taken_out_and_hidden() -> None:
    onvif = camera("http://admin:p%40ss@10.0.0.2/onvif/device_service").onvif
    assert onvif == Onvif(url="http://10.0.0.2/onvif/device_service", username="admin", password=Secret("p@ss"))
    assert onvif is not None
    assert "p@ss" not in onvif.model_dump_json() + repr(onvif)
    assert onvif.events


def test_credentials_in_two_places_are_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="keep one of the two"):
        camera({"url": "http://a:b@10.0.0.2/", "username": "c"})


@pytest.mark.parametrize("url", ["rtsp://10.0.0.2/", "http:/10.0.0.2", "file:///etc/passwd", "http://", "http://h:0/"])
def test_only_a_web_address_is_one(url: str) -> None:
    community = Community.model_validate({"sites": [{"id": "home", "name": "Home"}]})
    community = community.model_copy(update={"cameras": (camera({"url": url}),)})
    assert [mistake.path for mistake in check_community(community)] == ["cameras[0].onvif.url"]
