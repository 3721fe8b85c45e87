# SPDX-License-Identifier: Apache-2.0
"""Small HTTP servers whose answers a test writes as a function; everything listens on 127.63.0.0/16."""
import http.server
import threading


class Request:
    def __init__(self, handler, n):
        self.path, self.headers, self.n = handler.path, handler.headers, n
        self.body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))


class Server:
    """answer(request) -> (status, body, {header: value}); every request is kept in .requests.

    A request has .path, .headers, .body, .n (which one of all, from 0).
    """

    def __init__(self, host, answer, method="POST"):
        outer = self
        self.requests = []
        self.lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def serve(self):
                with outer.lock:
                    request = Request(self, len(outer.requests))
                    outer.requests.append(request)
                status, body, headers = answer(request)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET = serve

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self.http = Listener((host, 0), Handler)
        self.url = "http://%s:%d/in" % self.http.server_address
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()

    def keys(self):
        return [r.headers["Idempotency-Key"] for r in self.requests]
