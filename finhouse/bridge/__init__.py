"""The bridge to engines the loader does not know.

Extract-load fills a DuckDB file, the *stage*, with all its guarantees. The bridge ships what
changed there to the engine that runs the models, and fetches the marts of a tested build back;
publishing, scorecard and dashboards then go on as with DuckDB.
"""

from finhouse.bridge.engine import Engine, Mart, RawTable
from finhouse.bridge.fetching import fetch
from finhouse.bridge.opening import open_engine
from finhouse.bridge.shipping import Shipment, ship

__all__ = ["Engine", "Mart", "RawTable", "Shipment", "fetch", "open_engine", "ship"]
