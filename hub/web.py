"""Web: an HTTP connection to an address that was checked. Follows no redirect."""

from __future__ import annotations

import http.client
import ssl

from hub.networks import Allowed, connect


class WebConnection(http.client.HTTPConnection):
    """A connection whose name is resolved once; what is connected to is what was checked. It follows no redirect."""

    def __init__(
        self, host: str, port: int | None, allowed: Allowed, *, timeout_s: float, tls: ssl.SSLContext | None
    ) -> None:
        """Prepare; `request` connects.

        Args:
            host: Name or address.
            port: None takes the usual one.
            allowed: Where it may lead.
            timeout_s: For connecting and for each wait.
            tls: None is plain HTTP.
        """
        self.default_port = http.client.HTTP_PORT if tls is None else http.client.HTTPS_PORT
        super().__init__(host, port, timeout=timeout_s)
        self._allowed = allowed
        self._tls = tls
        self._timeout_s = timeout_s

    def connect(self) -> None:
        """Connect.

        Raises:
            NotAllowedNetworkError: The host is not where it may be.
            OSError: Nobody answers there.
        """
        connected = connect(self.host, self.port, self._allowed, timeout_s=self._timeout_s)
        try:
            self.sock = connected if self._tls is None else self._tls.wrap_socket(connected, server_hostname=self.host)
        except OSError:
            connected.close()
            raise
