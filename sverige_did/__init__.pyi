from sverige_did.api import datasets as datasets
from sverige_did.api.compare import Comparison as Comparison
from sverige_did.api.compare import compare as compare
from sverige_did.api.door import did as did
from sverige_did.api.doubts import Checks as Checks
from sverige_did.api.events import EventStudy as EventStudy
from sverige_did.api.events import GroupTimes as GroupTimes
from sverige_did.api.own_size import Size as Size
from sverige_did.api.posterior import Posterior as Posterior
from sverige_did.api.results import Effect as Effect
from sverige_did.api.results import Methods as Methods
from sverige_did.api.results import Verdict as Verdict
from sverige_did.api.rows import Row as Row
from sverige_did.api.shown import Context as Context
from sverige_did.api.shown import Result as Result
from sverige_did.api.study import Study as Study
from sverige_did.errors import InputError as InputError
from sverige_did.errors import RefusedError as RefusedError
from sverige_did.errors import SverigeDidError as SverigeDidError

__version__: str
