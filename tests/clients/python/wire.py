"""Leads the vendor's host names to the emulator, inside this process only, and lets nothing else leave the machine.

Import it before the package under test. The package goes on calling https://www.zohoapis.com and checks the certificate
as ever: the emulator's authority reaches it by the variables that its HTTP library reads."""

import ipaddress
import os
import re
import socket

TLS_PORT = int(os.environ["EMULATOR_TLS_PORT"])
VENDOR = re.compile(r"(^|\.)(zoho|zohoapis|zohocloud)\.[a-z.]+$")

resolve = socket.getaddrinfo
connect = socket.socket.connect


def text(host):
    return host.decode() if isinstance(host, bytes) else host or "localhost"


def is_local(host):
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def local_getaddrinfo(host, port, *arguments, **options):
    if VENDOR.search(text(host)):
        return resolve("127.0.0.1", port, *arguments, **options)
    if is_local(text(host)):
        return resolve(host, port, *arguments, **options)
    raise socket.gaierror(socket.EAI_NONAME, f"{host} is not the emulator, and these tests call nothing else")


def local_connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host, port = text(address[0]), address[1]
        if VENDOR.search(host) or (is_local(host) and port == 443):
            address = ("127.0.0.1", TLS_PORT)
        elif not is_local(host):
            raise ConnectionRefusedError(f"{host} is not the emulator, and these tests call nothing else")
    return connect(self, address)


socket.getaddrinfo = local_getaddrinfo
socket.socket.connect = local_connect
