# Methods without pseudo-labels. With model.alpha a teacher is kept as well,
# and needs dict(type='TeacherUpdateHook') here.
custom_hooks = [dict(type='IterationSeedHook')]
