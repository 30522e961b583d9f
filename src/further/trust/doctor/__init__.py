"""The doctor: what learning curves say of a training, and what they cannot say.

:func:`further.doctor` reads a history in any of the layouts of :mod:`further.trust.doctor.formats`,
gives its columns their roles (:mod:`~further.trust.doctor.history`), measures the curves
(:mod:`~further.trust.doctor.features`) and asks each condition in
:mod:`further.trust.doctor.conditions` whether it is there. It reads tables of numbers and imports
neither torch nor scikit-learn.
"""
