"""Certificates for the tests, made by the openssl program, and tokens signed with them."""

import base64
import json
import pathlib
import subprocess

from support.services import tool


def openssl(*arguments, **options):
    return subprocess.run([tool("openssl"), *map(str, arguments)], check=True,
                          capture_output=True, **options).stdout


class Authority:
    """A private CA in a folder of its own: ca.crt, and what it issues."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.certificate, self.key = self.folder / "ca.crt", self.folder / "ca.key"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                "-subj", "/CN=kontext test CA", "-addext", "keyUsage=critical,keyCertSign,digitalSignature",
                "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, subject_alt_name="", usage="serverAuth"):
        """(certificate, key) for a server or a client."""
        key, request = self.folder / f"{name}.key", self.folder / f"{name}.csr"
        certificate, extensions = self.folder / f"{name}.cert", self.folder / f"{name}.ext"
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
                "-keyout", key, "-out", request)
        lines = [f"extendedKeyUsage={usage}"]
        if subject_alt_name:
            lines.append(f"subjectAltName={subject_alt_name}")
        extensions.write_text("\n".join(lines) + "\n")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", certificate)
        return certificate, key

    def sign_token(self, claims):
        """A JWT (RFC 7519) by the CA's own key, which a registry checks against ca.crt."""
        der = openssl("x509", "-in", self.certificate, "-outform", "DER")
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
        text = ".".join(unpadded(json.dumps(part).encode()) for part in (header, claims))
        signature = openssl("dgst", "-sha256", "-sign", self.key, input=text.encode())
        return f"{text}.{unpadded(signature)}"


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
