from tests.production.conftest import protected

__all__ = ["protected"]
